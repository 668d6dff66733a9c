"""What every room stands on. Imports nothing else of ours."""
