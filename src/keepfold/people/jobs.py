"""What people's room does later, or now and then."""

from __future__ import annotations

from keepfold.kernel import jobs
from keepfold.people.sessions import SessionStore
from keepfold.people.signin import links, mails, throttle

jobs.job(mails.JOB)(mails.send)


@jobs.job("people.sweep", every="23 * * * *")
def sweep() -> None:
    """Remove sessions, links and counts of attempts that are over."""
    SessionStore.clear_expired()
    links.clear()
    throttle.clear()
