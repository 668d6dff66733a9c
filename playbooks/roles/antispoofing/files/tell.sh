# $1: the release in force, empty where there is none. The file itself replaces our table in one step, and no other.
# The unit brings it back at boot, and after a restart of nftables.service, which empties every table.
unit=essaim-antispoofing
if [ -z "$1" ]; then
  exec systemctl stop $unit
fi
if [ -d /run/systemd/system ]; then
  cat >/etc/systemd/system/$unit.service <<'END'
[Unit]
Description=Essaim: members send from their own addresses
After=local-fs.target nftables.service
PartOf=nftables.service
Before=network-pre.target shutdown.target
Wants=network-pre.target
Conflicts=shutdown.target
DefaultDependencies=no

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f /var/lib/essaim/antispoofing/current/essaim.nft
ExecReload=/usr/sbin/nft -f /var/lib/essaim/antispoofing/current/essaim.nft
ExecStop=-/usr/sbin/nft delete table inet essaim

[Install]
WantedBy=sysinit.target
END
  systemctl daemon-reload
fi
systemctl enable --quiet $unit
if systemctl is-active --quiet $unit; then
  systemctl reload $unit
else
  systemctl restart $unit
fi
nft list table inet essaim >/dev/null
