"""The console's pages that show several rooms together: home, a customer, jobs, settings.

Owns: nothing of its own but pages. Promises: everything on them comes through the rooms' public actions and queries.
Never: a rule, a table of the rooms, or a way past the gate.
"""
