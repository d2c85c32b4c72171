"""One file per kind of source; `opening.py` chooses. None of them ever writes to what it reads."""
