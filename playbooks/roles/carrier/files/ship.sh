# The program goes first: what it cannot read is refused. Each file in one step, beside root's other programs.
beside() { cat >"$1.essaim-new" && chmod "$2" "$1.essaim-new" && mv "$1.essaim-new" "$1"; }
