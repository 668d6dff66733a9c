"""What banks, HelloAsso and Ğ1 say was paid: their files in, plain entries out, and nothing of a database.

reading.py      the one door: recognises a file by what is in it
entries.py      what every format is read as, and the keys by which the same movement is known again
refusals.py     every way in which a file is refused
camt.py ofx.py cfonb120.py csv_bank.py      a format each
helloasso.py g1.py                          payments that no bank of ours states
"""
