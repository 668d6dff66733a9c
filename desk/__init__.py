"""Acts that need several rooms, one file an act. No tables and no SQL here: values are read in one room, handed to another."""
