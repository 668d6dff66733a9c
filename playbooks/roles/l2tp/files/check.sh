# $1: the folder of the new release. l2tpns has no check of its own: it starts, or says why not. What can be
# known before is whether the address that it listens on is this machine's.
address=$(sed -n 's/^set bind_address //p' "$1/startup-config")
if [ "$address" != 0.0.0.0 ] && ! ip -o address show | grep -wF "$address" >/dev/null; then
  echo "bind_address $address is not an address of this machine" >&2
  exit 1
fi
