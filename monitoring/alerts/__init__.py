"""Alerts: what is looked at, what of it is wrong, whom it is told, and when it is over."""
