"""What is written on machines, one artifact a file: facts of the inventory -> frozen dataclass -> text."""
