"""What members owe and what they paid. Nothing here ever cuts a line: suspension is a person's act."""
