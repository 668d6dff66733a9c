# $1: the folder of the new release. Kea wants the interfaces to be there, and its own address on each, so these come
# first: a VLAN more that serves nobody is nothing to those that serve.
own() { ip addr replace "$2/32" dev "$1" scope link; }
while read -r name _ outer inner _ _ own _; do
  case $name in "" | "#"*) continue ;; esac
  if [ -e "/sys/class/net/$name" ]; then
    own "$name" "$own"
    continue
  fi
  parent=${name%%.*}
  if [ "$inner" != 0 ]; then
    [ -e "/sys/class/net/$parent.$outer" ] ||
      ip link add link "$parent" name "$parent.$outer" type vlan proto 802.1ad id "$outer"
    ip link set "$parent.$outer" up
    ip link add link "$parent.$outer" name "$name" type vlan id "$inner"
  else
    ip link add link "$parent" name "$name" type vlan id "$outer"
  fi
  ip link set "$name" alias essaim
  own "$name" "$own"
done <"$1/lines"
# Kea may read its own folder alone (AppArmor).
for family in 4 6; do
  tried=/etc/kea/.essaim-check-$family
  cp "$1/kea-dhcp$family.conf" "$tried"
  said=$("kea-dhcp$family" -t "$tried" 2>&1) || {
    rm -f "$tried"
    grep -i error <<<"$said" | sed "s#$tried#kea-dhcp$family.conf#; s/.*\] *//" >&2 || echo "$said" >&2
    exit 1
  }
  rm -f "$tried"
done
if grep -q '^interface' "$1/radvd.conf"; then
  radvd --configtest --config "$1/radvd.conf" --logmethod stderr_clean >&2
fi
