"""The daemons of the lab: how Debian starts them, and the little they need to know at first."""
