"""What people have said about the purposes of the policy: consent, withdrawal, objection, opt-out.

Owns the append-only record of what was said, when, through which channel and under which policy version, and the
present state that decisions ask for. Promises that a withdrawal counts from the transaction that records it, that no
event is ever changed or removed, and that an event names a person by a pseudonymous id only. Never holds a value of a
customer, and never decides: the policy does, from the facts given here.

Events of an erased person stay, as the proof that processing was lawful while it lasted (GDPR art. 7(1) and
17(3)(e)): they hold a random id that nothing else leads to once the person's keys and rows are gone.
"""
