"""The web door: the members' portal, and JSON for programs."""
