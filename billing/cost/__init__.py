"""What things cost, by what key they are shared, and what may be shown of what members give."""
