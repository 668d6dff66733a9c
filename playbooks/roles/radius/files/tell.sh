# $1: the new release, $2: the former one (empty when there was none).
# Logins are read again on SIGHUP, which the daemon ignores for five seconds after the last one; anything else
# takes a restart: sessions stand, an LNS asks again. Done when the daemon itself answers with the new digest.
loaded() {
  wanted=$(sed -n 's/^\tReply-Message = "\(.*\)"/\1/p' "$1/authorize" | head -n 1)
  sed -n "s/^\tsecret = '\(.*\)'/\1/p" "$1/clients.conf" | head -n 1 |
    radclient -f /dev/fd/3 -S /dev/stdin -x -t 1 -r 1 127.0.0.1 auth 3<<<'User-Name = "essaim-release"' 2>&1 |
    grep -F "\"$wanted\"" >/dev/null
}
same() { [ -n "$2" ] && for each in clients.conf site sql; do cmp -s "$1/$each" "$2/$each" || return 1; done; }

systemctl enable --quiet freeradius
[ -n "$1" ] || exec systemctl restart freeradius
# A daemon that has this very release, edited by hand, would answer the same whether or not it read it again.
if same "$1" "$2" && systemctl is-active --quiet freeradius && ! loaded "$1"; then
  for _ in 1 2 3 4 5 6 7; do
    systemctl reload freeradius
    sleep 0.1
    if loaded "$1"; then exit 0; fi
    sleep 0.9
  done
fi
systemctl restart freeradius
for _ in 1 2 3; do
  if loaded "$1"; then exit 0; fi
done
echo "freeradius does not answer with the new release" >&2
exit 1
