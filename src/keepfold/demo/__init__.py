"""The demonstration: a made-up shop with made-up customers, so that an empty vault can be looked at.

Everybody in it is made by a seeded generator from our own lists of names; the same seed makes the same people. Their
addresses end in names that belong to nobody (RFC 2606), their telephone numbers come from ranges kept for fiction where
a country has one. Who is a demonstration person is written down, and only they are ever removed by `demo --reset`.
"""
