"""Accounts, the files that banks give, and the inbox of movements that wait for someone."""
