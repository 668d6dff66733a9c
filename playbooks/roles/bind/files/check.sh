# $1: the folder of the new release. Debian's AppArmor lets named read /var/lib/bind, where the role writes.
line='include "/var/lib/bind/essaim/essaim.conf";'
if ! grep -qxF "$line" /etc/bind/named.conf.local; then
  echo "/etc/bind/named.conf.local lacks this line: $line" >&2
  exit 1
fi
for file in "$1"/*.zone; do
  zone=${file##*/}
  named-checkzone -q "${zone%.zone}" "$file" || named-checkzone "${zone%.zone}" "$file" >&2
done
whole=$(mktemp /etc/bind/.essaim-check.XXXXXX)
trap 'rm -f "$whole"' EXIT
sed "s#/var/lib/bind/essaim/#$1/#" "$1/essaim.conf" >"$whole"
named-checkconf "$whole" >&2
