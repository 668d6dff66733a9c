# $1: the folder of the new release. `wg setconf` reads the whole file before it looks for the interface:
# on one that does not exist, it can only say whether the text is right.
stripped=$(wg-quick strip "$1/wg0.conf")
answer=$(wg setconf essaim-none /dev/stdin <<<"$stripped" 2>&1) && exit 0
if ! grep -q "^Unable to modify interface" <<<"$answer"; then
  echo "$answer" >&2
  exit 1
fi
