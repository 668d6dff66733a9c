# $1: the release in force, empty where there is none. Sessions stay up: peers are asked for their routes once more
# where a filter changed (RFC 2918), and none is restarted for it.
told=/var/lib/essaim/bird/told
rm -f "$told"
systemctl enable --quiet bird
if ! systemctl is-active --quiet bird; then
  systemctl restart bird
else
  said=$(timeout 50 birdc configure soft)
  if ! grep -qE '^Reconfigur' <<<"$said"; then
    echo "$said" >&2
    exit 1
  fi
  for _ in $(seq 40); do
    timeout 5 birdc show status | grep -q 'Reconfiguration in progress' || break
    sleep 0.25
  done
  timeout 50 birdc reload all >/dev/null
fi
[ -n "$1" ] || exit 0
for _ in $(seq 40); do
  said=$(timeout 5 birdc show protocols 2>/dev/null || true)
  if grep -qE '^\S+ +Kernel .* up ' <<<"$said"; then
    echo "${1##*/}" >"$told"
    exit 0
  fi
  sleep 0.25
done
echo "/etc/bird/bird.conf has no kernel protocol: nobody would go by what BIRD knows" >&2
exit 1
