"""A running network taken over: what machines hold, read file by file, becomes an import that people look at first.

One reader a file format, each from text to plain values and nothing else (`found.py`). `gathering` fetches the files,
`matching` says whose each way in is, `proposing` makes records of the import, `taking` carries them out.
"""
