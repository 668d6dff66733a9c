"""What every door shows of a noun: frozen values, one file a noun."""
