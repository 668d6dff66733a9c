"""Reminders: to whom, in which tone, on which day."""
