"""What is printed: statements of account, receipts, tax receipts of gifts."""
