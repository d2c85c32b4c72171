"""The command line: `keepfold …`.

Owns the root, the commands that start and check an installation, and `customer`. Mounts every room's `cli.py` by name.
Promises: a readable sentence for every failure, never a trace or a value; `--help` answers without loading the rooms.
"""
