"""The console's pages that show several rooms together: home, a customer, jobs, settings.

Owns: pages, and what the checks of the installation found. Promises: everything on pages comes through the rooms'
public actions and queries.
Never: a rule, a table of the rooms, or a way past the gate.
"""
