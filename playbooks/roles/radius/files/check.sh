# $1: the folder of the new release. The daemon's own check, on a private copy of its configuration.
install -d -o freerad -g freerad -m 0750 /var/lib/freeradius
copy=$(mktemp -d /run/essaim-radius.XXXXXX)
trap 'rm -rf "$copy"' EXIT
cp -a /etc/freeradius/3.0/. "$copy"
install -m 0640 "$1/authorize" "$copy/new"
mv "$copy/new" "$copy/mods-config/files/authorize"
for each in clients.conf:clients.conf site:sites-enabled/default sql:mods-enabled/sql; do
  install -m 0640 "$1/${each%%:*}" "$copy/new"
  mv "$copy/new" "$copy/${each#*:}"
done
sed -i "s#^raddbdir = .*#raddbdir = $copy#" "$copy/radiusd.conf"
chown -R freerad:freerad "$copy"
setpriv --reuid=freerad --regid=freerad --init-groups -- freeradius -Cx -lstdout -d "$copy" >"$copy/said" || {
  grep -v "^Configuration" "$copy/said" | sed "s#$copy/##g" >&2
  exit 1
}
