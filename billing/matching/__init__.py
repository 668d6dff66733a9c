"""Whose a transfer is [rapprochement]: pure, from what is known to suggestions with their reasons."""
