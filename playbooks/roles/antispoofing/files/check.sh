# $1: the folder of the new release. nft reads it as it would load it, and changes nothing.
nft -c -f "$1/essaim.nft"
