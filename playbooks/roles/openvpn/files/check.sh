# $1: the folder of the new release. OpenVPN has no check of its own: an instance to throw away, in a network of its own,
# starts with the whole configuration. One that runs with the same has been tried by running.
current=/var/lib/essaim/openvpn/current
same=yes
for each in server.conf ca.crt server.crt server.key tls-crypt-v2.key static.key routes; do
  [ -e "$1/$each" ] || [ -e "$current/$each" ] || continue
  cmp -s "$1/$each" "$current/$each" || same=no
done
openssl crl -noout <"$1/crl.pem"
if [ $same = yes ] && systemctl is-active --quiet openvpn-server@essaim; then exit 0; fi
port=$(sed -n 's/^port //p' "$1/server.conf")
if ! systemctl is-active --quiet openvpn-server@essaim && ss -Hlun "sport = :$port" | grep -q .; then
  echo "UDP $port is another server's: stop that one first" >&2
  exit 1
fi
copy=$(mktemp -d /run/essaim-openvpn.XXXXXX)
trap 'rm -rf "$copy"' EXIT
sed "s#$current#$1#g; /^management/d" "$1/server.conf" >"$copy/server.conf"
env -u NOTIFY_SOCKET unshare -n -- openvpn --suppress-timestamps --config "$copy/server.conf" >"$copy/said" 2>&1 &
tried=$!
for _ in $(seq 100); do
  if grep -q "Initialization Sequence Completed" "$copy/said"; then
    kill $tried
    wait $tried || true
    exit 0
  fi
  kill -0 $tried 2>/dev/null || break
  sleep 0.1
done
kill $tried 2>/dev/null || true
wait $tried || true
grep -iE "error|fail|cannot|unrecognized|fatal" "$copy/said" | sed "s#$copy/##g; s#$1/##g" >&2 || cat "$copy/said" >&2
exit 1
