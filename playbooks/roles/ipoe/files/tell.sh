# $1: the release in force, empty where there is none: then the daemons' files are a volunteer's own again, or gone.
told=/var/lib/essaim/ipoe/told
rm -f "$told"
# Where a daemon runs it reads its file again, and nobody's lease is forgotten.
again() { if systemctl is-active --quiet "$1"; then systemctl kill --signal=HUP "$1"; else systemctl restart "$1"; fi; }
if [ -z "$1" ]; then
  systemctl stop essaim-ipoe
  nft delete table inet essaim_ipoe 2>/dev/null || true
  for unit in kea-dhcp4-server:/etc/kea/kea-dhcp4.conf kea-dhcp6-server:/etc/kea/kea-dhcp6.conf radvd:/etc/radvd.conf; do
    if [ -e "${unit#*:}" ]; then again "${unit%%:*}"; else systemctl stop "${unit%%:*}"; fi
  done
  exit 0
fi
# Debian's AppArmor lets Kea read its own folder alone, and files there lead into ours.
for family in 4 6; do
  if [ -e "/etc/apparmor.d/usr.sbin.kea-dhcp$family" ] && [ -d /sys/kernel/security/apparmor ]; then
    own=/etc/apparmor.d/local/usr.sbin.kea-dhcp$family
    grep -qxF '/var/lib/essaim/ipoe/** r,' "$own" 2>/dev/null || {
      echo '/var/lib/essaim/ipoe/** r,' >>"$own"
      apparmor_parser -r "/etc/apparmor.d/usr.sbin.kea-dhcp$family"
    }
  fi
done

cat >/usr/local/sbin/essaim-ipoe.new <<'END'
#!/bin/bash
# Interfaces and routes of the lines that arrive by VLAN. `essaim-ipoe up` brings them to what the file says;
# `essaim-ipoe serve` has the prefixes behind each member's router go by whichever answers there.
set -u
file=/var/lib/essaim/ipoe/current/lines
rows() { grep -v '^#' "$file" || true; }

vlan() { # name outer inner
  [ ! -e "/sys/class/net/$1" ] || return 0
  local parent=${1%%.*}
  if [ "$3" = 0 ]; then
    ip link add link "$parent" name "$1" type vlan id "$2"
  else
    [ -e "/sys/class/net/$parent.$2" ] || ip link add link "$parent" name "$parent.$2" type vlan proto 802.1ad id "$2"
    ip link set "$parent.$2" up
    ip link add link "$parent.$2" name "$1" type vlan id "$3"
  fi
  ip link set "$1" alias essaim
}

up() {
  rows | while read -r name _ outer inner mtu router own prefixes; do
    vlan "$name" "$outer" "$inner" || continue
    ip link set "$name" mtu "$mtu" up
    wanted=" "
    if [ "$router" != - ]; then
      ip addr replace "$router/32" dev "$name"
      ip addr replace "$own/32" dev "$name" scope link
      echo 1 >"/proc/sys/net/ipv4/conf/$name/proxy_arp"
    fi
    box=
    for prefix in $prefixes; do
      wanted="$wanted${prefix#by:} "
      case $prefix in
        by:*:*) ;; # known once the member's router answers
        by:*) ip route replace "${prefix#by:}" ${box:+via "$box"} dev "$name" ${box:+onlink} proto static ;;
        *:*) ip addr replace "${prefix%%/*}1/${prefix##*/}" dev "$name" ;;
        */32)
          box=${box:-${prefix%/32}}
          ip route replace "$prefix" dev "$name" src "$router" proto static
          ;;
      esac
    done
    for family in -4 -6; do
      ip $family route show dev "$name" proto static | while read -r held _; do
        case $held in */*) ;; *) held=$held/32 ;; esac
        case $wanted in *" $held "*) ;; *) ip $family route del "${held%/32}" dev "$name" proto static ;; esac
      done
    done
    ip -4 -o addr show dev "$name" | while read -r _ _ _ held _; do
      [ "$held" = "$router/32" ] || [ "$held" = "$own/32" ] || ip addr del "$held" dev "$name"
    done
  done
  for path in /sys/class/net/coll0.*; do
    name=${path##*/}
    [ "$(cat "$path/ifalias" 2>/dev/null)" = essaim ] || continue # one that a volunteer made is theirs
    rows | grep -q "^$name " || ip link del "$name"
  done
}

# Members send from what is routed to their own VLAN alone (BCP 38), and TCP fits the line where that is narrower than
# Ethernet. One table of ours, replaced in one step; nothing else is filtered.
filter() {
  {
    echo "table inet essaim_ipoe"
    echo "delete table inet essaim_ipoe"
    echo "table inet essaim_ipoe {"
    echo "  chain members { type filter hook prerouting priority raw;"
    echo '    iifname != "coll0.*" accept'
    echo "    ip saddr 0.0.0.0 accept"
    echo "    ip6 saddr { ::, fe80::/10 } accept"
    echo "    fib saddr . iif oif missing counter drop"
    echo "  }"
    echo "  chain segments { type filter hook forward priority mangle;"
    rows | while read -r name _ _ _ mtu _; do
      [ "$mtu" -lt 1500 ] || continue
      for way in iifname oifname; do
        for family in ip:40 ip6:60; do
          size=$((mtu - ${family#*:}))
          echo "    $way \"$name\" meta nfproto ${family%:*} tcp flags syn tcp option maxseg size > $size" \
            "tcp option maxseg size set $size"
        done
      done
    done | sed 's/nfproto ip /nfproto ipv4 /; s/nfproto ip6 /nfproto ipv6 /'
    echo "  }"
    echo "}"
  } | nft -f -
}

behind() { # rows of `ip neigh`: the member's router answers, and says that it is one
  while read -r address dev name rest; do
    case "$address $dev $name $rest" in
      fe80:*" dev coll0."*router*) ;;
      # One that we never had to look for did not say yet whether it is a router: ask, or it is long in coming.
      fe80:*" dev coll0."*STALE*) ip -6 neigh change "$address" dev "$name" nud probe 2>/dev/null || true && continue ;;
      *) continue ;;
    esac
    # What we say of ourselves comes back to us too.
    ! ip -6 -o addr show dev "$name" | grep -qF " $address/" || continue
    rows | while read -r one _ _ _ _ _ _ prefixes; do
      [ "$one" = "$name" ] || continue
      for prefix in $prefixes; do
        case $prefix in
          by:*:*) ip -6 route replace "${prefix#by:}" via "$address" dev "$name" proto static ;;
        esac
      done
    done
  done
}

case ${1:-} in
  up)
    up
    filter
    ip -6 neigh show | behind
    ;;
  serve)
    ip -6 neigh show | behind
    ip -6 monitor neigh | behind
    ;;
esac
END
chmod 755 /usr/local/sbin/essaim-ipoe.new
mv /usr/local/sbin/essaim-ipoe.new /usr/local/sbin/essaim-ipoe
if [ -d /run/systemd/system ]; then
  cat >/etc/systemd/system/essaim-ipoe.service <<'END'
[Unit]
Description=Essaim: lines that arrive by VLAN
After=network.target
Before=kea-dhcp4-server.service kea-dhcp6-server.service radvd.service
PartOf=kea-dhcp4-server.service

[Service]
ExecStartPre=/usr/local/sbin/essaim-ipoe up
ExecStart=/usr/local/sbin/essaim-ipoe serve
Restart=always
RestartSec=2

[Install]
WantedBy=multi-user.target
END
  for unit in kea-dhcp6-server radvd; do # they stop together: one release is in force, or none
    mkdir -p /etc/systemd/system/$unit.service.d
    printf '[Unit]\nPartOf=kea-dhcp4-server.service\n' >/etc/systemd/system/$unit.service.d/essaim.conf
  done
  systemctl daemon-reload
fi
for unit in essaim-ipoe kea-dhcp4-server kea-dhcp6-server radvd; do systemctl enable --quiet $unit; done
/usr/local/sbin/essaim-ipoe up
systemctl restart essaim-ipoe
again kea-dhcp4-server
again kea-dhcp6-server
if grep -q '^interface' "$1/radvd.conf"; then again radvd; else systemctl stop radvd; fi
sleep 1
for unit in kea-dhcp4-server kea-dhcp6-server; do
  systemctl is-active --quiet $unit || { echo "$unit does not run with it" >&2; exit 1; }
done
echo "${1##*/}" >"$told"
