"""Who may act: members of staff, their roles, and API clients with their tokens.

Owns staff accounts, roles as data, API clients and the throttles in front of them. Promises that a token is
shown once and kept only as a hash, that a revocation works within a second in every process, and that nobody
gives away more than they hold. Never decides about a customer's data: that is the policy's part; what a role or
client grants is only the first half of a decision.
"""
