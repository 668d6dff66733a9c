# $1: the release in force, empty where there is none: then nothing of ours stays in the kernel.
# The unit brings it back at boot; udev has it done again as an interface comes, which a rate may have waited for, and
# nftables.service after it has emptied every table.
unit=essaim-carrier
if [ -z "$1" ]; then
  exec systemctl stop $unit
fi
if [ -d /run/systemd/system ]; then
  cat >/etc/systemd/system/$unit.service <<'END'
[Unit]
Description=Essaim: addresses, routes, rules and rates of this machine
After=network.target nftables.service
Before=bird.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/sbin/essaim-carrier apply
ExecReload=/usr/local/sbin/essaim-carrier apply
ExecStop=/usr/local/sbin/essaim-carrier clear

[Install]
WantedBy=multi-user.target
END
  cat >/etc/udev/rules.d/90-$unit.rules <<'END'
ACTION=="add", SUBSYSTEM=="net", RUN+="/usr/bin/systemctl --no-block reload essaim-carrier.service"
END
  mkdir -p /etc/systemd/system/nftables.service.d
  cat >/etc/systemd/system/nftables.service.d/$unit.conf <<'END'
[Service]
ExecStartPost=-/usr/bin/systemctl --no-block reload essaim-carrier.service
ExecReload=-/usr/bin/systemctl --no-block reload essaim-carrier.service
END
  systemctl daemon-reload
fi
systemctl enable --quiet $unit
if ! /usr/local/sbin/essaim-carrier apply "$1/carrier.json" >/dev/null; then
  # Where it did not run before, nobody else takes away what was done until then.
  systemctl is-active --quiet $unit || /usr/local/sbin/essaim-carrier clear >/dev/null 2>&1 || true
  exit 1
fi
systemctl start $unit
