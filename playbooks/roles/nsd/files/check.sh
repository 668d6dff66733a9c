# $1: the folder of the new release. The whole configuration with it, the volunteer's own part too; then each zone.
conf=/etc/nsd/nsd.conf
line='include: "/etc/nsd/nsd.conf.d/*.conf"'
if ! grep -qxF "$line" "$conf"; then
  echo "$conf lacks this line: $line" >&2
  exit 1
fi
whole=$(mktemp /etc/nsd/.essaim-check.XXXXXX)
trap 'rm -f "$whole"' EXIT
grep -vxF "$line" "$conf" >"$whole"
for file in /etc/nsd/nsd.conf.d/*.conf "$1/essaim.conf"; do
  if [ -e "$file" ] && [ "$file" != /etc/nsd/nsd.conf.d/essaim.conf ]; then echo "include: \"$file\"" >>"$whole"; fi
done
nsd-checkconf "$whole" >&2
for file in "$1"/*.zone; do
  zone=${file##*/}
  nsd-checkzone "${zone%.zone}" "$file" >/dev/null
done
