# $1: the folder of the new release. accel-ppp has no check of its own. What can be known before: that it is there,
# that the kernel can carry what it asks, and that the address that it listens on is this machine's.
if ! command -v accel-pppd >/dev/null; then
  echo "accel-pppd is not installed: Debian does not package it" >&2
  exit 1
fi
for module in l2tp_ppp pppox; do
  if [ ! -d "/sys/module/$module" ] && ! modprobe "$module"; then
    echo "the kernel has no $module" >&2
    exit 1
  fi
done
address=$(sed -n 's/^bind=//p' "$1/accel-ppp.conf")
if [ -n "$address" ] && ! ip -o address show | grep -wF "$address" >/dev/null; then
  echo "bind $address is not an address of this machine" >&2
  exit 1
fi
install -d -m 0750 /var/log/accel-ppp
