"""Acts that need several rooms, one file an act. No tables, no SQL: values read in one room are handed to another."""
