# $1: the folder of the new release. The whole configuration with it, the volunteer's own part too.
conf=/etc/bird/bird.conf
line='include "/etc/bird/essaim*.conf";'
if ! grep -qxF "$line" "$conf"; then
  echo "$conf lacks this line: $line" >&2
  exit 1
fi
whole=$(mktemp /etc/bird/.check-XXXXXX)
trap 'rm -f "$whole"' EXIT
sed "s#^include \"/etc/bird/essaim\*\.conf\";\$#include \"$1/essaim.conf\";#" "$conf" >"$whole"
said=$(bird -p -c "$whole" 2>&1) || {
  sed "s#$1/##; s#$whole#$conf#" <<<"$said" >&2
  exit 1
}
