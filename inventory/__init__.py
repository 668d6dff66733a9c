"""The only truth: who the members are, what lines they have, which addresses and machines serve them."""
