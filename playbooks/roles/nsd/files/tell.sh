# $1: the release in force, empty where there is none. NSD reads files of its own folder, written here with a serial.
told=/var/lib/essaim/nsd/told
served=/var/lib/nsd/essaim
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
systemctl enable --quiet nsd
install -d -m 0750 -g nsd "$served"
for file in "$1"/*.zone; do
  if [ -e "$file" ]; then numbered "$file" "$served/${file##*/}"; fi
done
for file in "$served"/*.zone; do
  [ -e "$1/${file##*/}" ] || rm -f "$file"
done
chmod -R u=rwX,g=rX,o= "$served"
chgrp -R nsd "$served"
if systemctl is-active --quiet nsd; then systemctl reload nsd; else systemctl restart nsd; fi
[ -n "$1" ] || exit 0
echo "${1##*/}" >"$told"
