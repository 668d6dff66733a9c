"""For programs: JSON, one file a noun."""
