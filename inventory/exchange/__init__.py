"""Import and export: files of ours and of other programs, read purely, weighed against the inventory, then applied.

`reading` and one reader a format make neutral records of bytes; `planning` says line by line what they would change;
`applying` does it, all or nothing; `exporting` writes the same shapes.
"""
