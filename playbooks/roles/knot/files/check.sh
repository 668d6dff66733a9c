# $1: the folder of the new release. The whole configuration with it, the volunteer's own part too; then each zone.
conf=/etc/knot/knot.conf
line='include: "/etc/knot/essaim*.conf"'
if ! grep -qxF "$line" "$conf"; then
  echo "$conf lacks this line: $line" >&2
  exit 1
fi
whole=$(mktemp /etc/knot/.essaim-check.XXXXXX)
trap 'rm -f "$whole" "$whole.part"' EXIT
sed "s#/var/lib/essaim/knot/current#$1#" "$1/essaim.conf" >"$whole.part"
sed "s#^include: \"/etc/knot/essaim\*\.conf\"\$#include: \"$whole.part\"#" "$conf" >"$whole"
said=$(knotc -c "$whole" conf-check 2>&1) || {
  sed "s#$whole.part#essaim.conf#; s#$whole#$conf#" <<<"$said" >&2
  exit 1
}
command -v kzonecheck >/dev/null || exit 0 # knotd looks too, as it loads
for file in "$1"/*.zone; do
  zone=${file##*/}
  said=$(kzonecheck -o "${zone%.zone}" "$file" 2>&1) || {
    echo "${zone%.zone}: $said" >&2
    exit 1
  }
done
