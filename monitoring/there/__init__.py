"""Programs that run on other machines: each is one file of Python 3.9 and its library, sent as text over SSH."""
