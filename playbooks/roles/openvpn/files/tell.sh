# $1: the release in force, empty where there is none. Members' own files and the list of what was revoked are read as
# each connects: nobody else is cut. Whoever lost theirs is, at once, now that they cannot come back. What the daemon
# reads only as it starts takes a restart, which the plan announced. What it started with and whom it served then are
# written down: the other release may be gone by now.
unit=openvpn-server@essaim
home=/var/lib/essaim/openvpn
rm -f $home/told
if [ -z "$1" ]; then
  rm -f $home/started $home/served
  exec systemctl stop $unit
fi
systemctl enable --quiet $unit

starting() {
  for each in server.conf ca.crt server.crt server.key tls-crypt-v2.key static.key; do
    if [ -e "$1/$each" ]; then sha256sum <"$1/$each"; else echo none; fi
  done
}
serving() {
  for file in "$1"/ccd/*; do
    if [ -e "$file" ]; then echo "member ${file##*/} $(sha256sum <"$file")"; fi
  done
  sed -n 's/^# revoked \([0-9a-f]*\) \(.*\)/revoked \2 \1/p' "$1/crl.pem"
}
ended() {
  comm -23 <(grep '^member ' $home/served | sort) <(serving "$1" | grep '^member ' | sort) | awk '{print $2}'
  comm -13 <(grep '^revoked ' $home/served | sort) <(serving "$1" | grep '^revoked ' | sort) | awk '{print $2}'
}

if ! systemctl is-active --quiet $unit || [ ! -e $home/served ] || ! cmp -s <(starting "$1") $home/started; then
  install -d -m 0710 /run/openvpn-server
  systemctl restart $unit
else
  ip -force -batch "$1/routes"
  wanted=$(awk '/^route /{print $3}' "$1/routes")
  for family in -4 -6; do
    ip $family route show dev ovpn0 metric 4096 | awk '{print $1}' | while read -r route; do
      case $route in */*) ;; *:*) route=$route/128 ;; *) route=$route/32 ;; esac
      grep -qxF "$route" <<<"$wanted" || ip $family route del "$route" dev ovpn0 metric 4096
    done
  done
  wanted=$(awk '/^address /{print $3}' "$1/routes")
  ip -o address show dev ovpn0 scope global | awk '{print $4}' | while read -r address; do
    grep -qxF "$address" <<<"$wanted" || ip address del "$address" dev ovpn0
  done
  ended "$1" | sort -u | python3 -c '
import socket, sys
names = set(sys.stdin.read().split())
if not names:
    sys.exit()
with socket.socket(socket.AF_UNIX) as daemon:
    daemon.settimeout(10)
    daemon.connect("/run/openvpn-server/essaim.sock")
    rows = daemon.makefile("r", encoding="utf-8", errors="replace")
    daemon.sendall(b"status 3\n")
    numbers = []
    for row in rows:
        columns = row.rstrip("\r\n").split("\t")
        if columns[0] == "CLIENT_LIST" and columns[1] in names:
            numbers.append(columns[10])
        if columns[0] == "END":
            break
    for number in numbers:
        daemon.sendall(f"client-kill {number}\n".encode())
        next(row for row in rows if row.startswith(("SUCCESS", "ERROR")))
'
fi
umask 077
starting "$1" >$home/.started
serving "$1" >$home/.served
mv $home/.started $home/started
mv $home/.served $home/served
echo "${1##*/}" >$home/told
