"""The kernel: ids, clock, errors, configuration, logs, database helpers, outbox, jobs, mail, primitives. No domain.

Owns: what every room needs and none should write twice. Promises: nothing here knows what a customer is; errors,
logs, metrics and job payloads carry no values. Never: imports of another room.
"""
