"""Wholesalers' invoices, read from CSV and checked line by line against what the inventory says is bought."""
