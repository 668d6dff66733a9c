# The interface is brought up, or brought to the new text without a cut: peers, then addresses, MTU and routes.
conf=/etc/wireguard/wg0.conf
systemctl enable --quiet wg-quick@wg0
if ! ip link show wg0 >/dev/null 2>&1; then
  exec systemctl restart wg-quick@wg0
fi
systemctl reload wg-quick@wg0

value() { sed -n "s/^$1 = //p" "$conf"; }
wanted=$(value Address)
for address in $wanted; do ip address replace "$address" dev wg0; done
ip -o address show dev wg0 scope global | awk '{print $4}' | while read -r address; do
  grep -qxF "$address" <<<"$wanted" || ip address del "$address" dev wg0
done
# An IPv6 address whose length changed has gone with the former one.
for address in $wanted; do ip address replace "$address" dev wg0; done
ip link set wg0 mtu "$(value MTU)"

wanted=$(value PostUp | awk '{print $4}')
for route in $wanted; do ip route replace "$route" dev wg0; done
for family in -4 -6; do
  ip $family route show dev wg0 | awk '!/proto kernel/ {print $1}' | while read -r route; do
    case $route in */*) ;; *:*) route=$route/128 ;; *) route=$route/32 ;; esac # `ip` leaves an address's length out
    grep -qxF "$route" <<<"$wanted" || ip $family route del "$route" dev wg0
  done
done
