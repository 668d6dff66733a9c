"""SEPA direct debits: mandates, collections, their files, and what comes back."""
