# $1: the folder of the new release. Read whole, and held against this machine's interfaces; nothing is changed.
/usr/bin/python3 -c 'import pyroute2' 2>/dev/null || { echo 'python3-pyroute2 is missing' >&2; exit 1; }
/usr/local/sbin/essaim-carrier check "$1/carrier.json"
