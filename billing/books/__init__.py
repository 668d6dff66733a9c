"""The books: the journal that is read from what happened, its years, and its exports."""
