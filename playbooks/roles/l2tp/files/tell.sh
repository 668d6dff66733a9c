# $1: the release in force, $3: the announced effect. SIGHUP where it is enough, a restart where it was announced;
# done when the daemon itself says that it runs every setting of the file.
file=/etc/l2tpns/startup-config
running() {
  exec 4<>/dev/tcp/127.0.0.1/23 || return 1
  printf 'enable\r\nwrite terminal\r\n' >&4
  while IFS= read -r -t 3 row <&4; do
    row=${row%$'\r'}
    echo "$row"
    [ "$row" != "# end" ] || break
  done
  exec 4>&-
}
missing() { grep -vxF -f <(echo "$said") $file; }

systemctl enable --quiet l2tpns
if [ -n "$1" ] && [ "$3" != cuts ] && systemctl is-active --quiet l2tpns; then
  systemctl reload l2tpns
else
  systemctl restart l2tpns
  [ -n "$1" ] || exit 0
fi
answers=0
for _ in $(seq 40); do
  sleep 0.2
  said=$(running 2>/dev/null) || continue
  missing >/dev/null || exit 0
  answers=$((answers + 1))
  [ "$answers" -lt 5 ] || break
done
if ! systemctl is-active --quiet l2tpns; then
  echo "l2tpns does not start with it" >&2
  tail -n 1 /var/log/l2tpns >&2 || true
  exit 1
fi
# What an undo puts back may be a volunteer's own text, which spells a setting otherwise than the daemon says it.
[ $file -ef "$1/startup-config" ] || exit 0
echo "l2tpns does not run every setting:" >&2
missing | sed 's/secret .*/secret …/' >&2
exit 1
