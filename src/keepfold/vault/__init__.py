"""The vault: what people's data is sealed into, and the only place it is opened.

Owns the key hierarchy, the sealed records, the blind indexes and the erasure of a person.
Promises: nothing undeclared is stored; every person has keys of their own; nothing is opened but for a purpose that
the gate allowed and the ledger has written down; destroying a person's keys makes every copy of the data unreadable.
Never: a value, or a key, in an error, a log, an exception or a table in clear.
"""
