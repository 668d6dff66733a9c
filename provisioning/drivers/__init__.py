"""How texts reach machines. Each driver is found by its entry point in the group `essaim.drivers`."""
