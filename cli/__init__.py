"""The terminal door: commands read arguments, call one verb or one act of the desk, and say what came of it."""
