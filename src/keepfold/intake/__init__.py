"""Intake: brings the customers a business already has into the vault, and nothing that no purpose needs.

It reads files and foreign databases (never writing to them), proposes which column becomes which data item of the
active policy, shows that for review, and stores only on request. Every batch moves the read position in the same
transaction that seals its people, so an import that is killed goes on where it stopped and nobody arrives twice.
It never prints, logs or keeps a value: what was refused is named by row, field and reason.
"""
