# $1: the release in force, empty where there is none. BIND reads files of its own folder, written here with a serial.
told=/var/lib/essaim/bind/told
served=/var/lib/bind/essaim
# What differs gets a serial: this second, or one more than before where that is higher.
numbered() {
  next=$(date +%s)
  last=$(sed -n 's/^@ SOA \S* \S* \([0-9]*\) .*/\1/p' "$2" 2>/dev/null || true)
  if [ -n "$last" ]; then
    if sed "s/^\(@ SOA \S* \S*\) $last /\1 1 /" "$2" | cmp -s - "$1"; then return; fi
    if [ "$last" -ge "$next" ]; then next=$((last + 1)); fi
  fi
  sed "s/^\(@ SOA \S* \S*\) 1 /\1 $next /" "$1" >"$2.new"
  mv "$2.new" "$2"
}

rm -f "$told"
systemctl enable --quiet named
install -d -m 0750 -g bind "$served"
for file in "$1"/*.zone; do
  if [ -e "$file" ]; then numbered "$file" "$served/${file##*/}"; fi
done
if [ -n "$1" ]; then cp "$1/essaim.conf" "$served/.new"; else : >"$served/.new"; fi
mv "$served/.new" "$served/essaim.conf"
for file in "$served"/*.zone; do
  [ -e "$1/${file##*/}" ] || rm -f "$file"
done
chmod -R u=rwX,g=rX,o= "$served"
chgrp -R bind "$served"
named-checkconf >&2
if systemctl is-active --quiet named; then systemctl reload named; else systemctl restart named; fi
[ -n "$1" ] || exit 0
echo "${1##*/}" >"$told"
