"""Sessions of the console, as Django's session engine.

The table holds the SHA-256 of what the cookie holds, so that a copy of it signs nobody in. What a session knows is
sealed and bound to that hash: it opens in its own row only. A mark over hash, person and times keeps anybody who
writes to the data store from making a session, giving one to somebody else, or prolonging it.

A session ends after `session_idle_minutes` without a request and `session_hours` after it began, whichever is first;
one in which nobody is signed in ends after an hour.
"""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError
from django.db import IntegrityError, OperationalError, transaction

from keepfold.kernel import clock, config, rowmac
from keepfold.kernel.errors import Unopened
from keepfold.kernel.log import get_logger
from keepfold.people import sealing
from keepfold.people.models import Session

NOTED_EVERY_S = 60
STRANGERS_S = 3600
_KIND = "session"

log = get_logger()


class Seen(NamedTuple):
    """One session of somebody, as the list of devices shows it. `id` is no secret; times are seconds since 1970."""

    id: str
    created_s: int
    seen_s: int
    device: tuple[int, int]
    place: str


class SessionStore(SessionBase):
    """Reads and writes one session. Django makes one for every request that looks at `request.session`."""

    def __init__(self, session_key: str | None = None) -> None:
        """Take the value of the cookie."""
        super().__init__(session_key)
        self.was_away = False

    def load(self) -> dict[str, Any]:
        """Return what the session knows; nothing when it is not there, not ours, or over."""
        row = self._row()
        if row is not None:
            known = _opened(row)
            if known is not None:
                _note_use(row, clock.now_s())
                return known
        self._session_key = None
        return {}

    def _row(self) -> Session | None:
        if not self.session_key:
            return None
        row = Session.objects.filter(session_key=digest(self.session_key)).first()
        if row is None or not is_genuine(row):
            return None
        if _is_over(row, clock.now_s()):
            self.was_away = row.staff is not None
            row.delete()
            return None
        return row

    def exists(self, session_key: str) -> bool:
        """Say whether there is a session of this key."""
        return Session.objects.filter(session_key=digest(session_key)).exists()

    def create(self) -> None:
        """Make a session with a key that nobody has."""
        while True:
            self._session_key = self._get_new_session_key()  # type: ignore[attr-defined]  # missing in the stubs
            try:
                self.save(must_create=True)
            except CreateError:
                continue
            self.modified = True
            return

    def save(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002  Django's signature
        """Write what the session knows. Raises `UpdateError` when it was ended meanwhile: it does not come back."""
        if self.session_key is None:
            self.create()
            return
        key = digest(self.session_key)
        known = self._get_session(no_load=must_create)  # type: ignore[attr-defined]  # as above
        sealed = sealing.seal(_KIND, self.encode(known).encode(), key.encode())
        staff = _staff_in(known)
        if must_create:
            _insert(key, sealed, staff)
        elif not (_update(key, sealed, staff) or _take_over(key, sealed, staff)):
            raise UpdateError

    def delete(self, session_key: str | None = None) -> None:
        """End a session: this one, or the one of the given key."""
        key = session_key or self.session_key
        if key:
            Session.objects.filter(session_key=digest(key)).delete()

    def encode(self, session_dict: dict[str, Any]) -> str:
        """Return the text that is sealed."""
        return str(self.serializer().dumps(session_dict), "latin-1")

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        """Return what such a text says."""
        text = session_data if isinstance(session_data, bytes) else session_data.encode("latin-1")
        found: dict[str, Any] = self.serializer().loads(text)
        return found

    @classmethod
    def clear_expired(cls) -> None:
        """Remove sessions that are over."""
        Session.objects.filter(expire_date__lt=clock.now()).delete()
        idle_s = clock.now_s() - _idle_s()
        Session.objects.filter(seen_s__lt=idle_s).delete()


def digest(session_key: str) -> str:
    """Return what the table holds of a key. The key is random and long, so that a plain hash is enough."""
    return sha256(session_key.encode()).hexdigest()


def of_staff(staff: UUID) -> list[Seen]:
    """Return somebody's sessions, the one used last first."""
    now_s = clock.now_s()
    rows = Session.objects.filter(staff=staff).order_by("-seen_s", "session_key")
    living = [row for row in rows if is_genuine(row) and not _is_over(row, now_s)]
    return [_seen(row) for row in living]


def _seen(row: Session) -> Seen:
    known = _opened(row) or {}
    browser, system = known.get("device") or (-1, -1)
    return Seen(row.session_key, row.created_s, row.seen_s, (browser, system), str(known.get("place", "")))


def end(staff: UUID, session: str) -> int:
    """End one session of somebody; return how many that were."""
    return Session.objects.filter(staff=staff, session_key=session).delete()[0]


def end_all(staff: UUID, *, but: str | None = None) -> int:
    """End all sessions of somebody but the one whose key is given; return how many that were."""
    rows = Session.objects.filter(staff=staff)
    return (rows.exclude(session_key=digest(but)) if but else rows).delete()[0]


def _idle_s() -> int:
    # When it was used last is noted once a minute, so a minute more keeps the promise of the setting.
    return config.current().session_idle_minutes * 60 + NOTED_EVERY_S


def _longest_s(row: Session) -> int:
    return STRANGERS_S if row.staff is None else config.current().session_hours * 3600


def _is_over(row: Session, now_s: int) -> bool:
    return now_s - row.seen_s > _idle_s() or now_s - row.created_s > _longest_s(row)


def _mark(row: Session) -> bytes:
    staff = None if row.staff is None else row.staff.bytes
    return rowmac.mark("people_session", row.session_key, staff, row.created_s, row.seen_s)


def is_genuine(row: Session) -> bool:
    """Say whether a row is as this installation wrote it."""
    if rowmac.same(bytes(row.mac), _mark(row)):
        return True
    log.warning("people.row-altered", table="people_session")
    return False


def _opened(row: Session) -> dict[str, Any] | None:
    try:
        plain = sealing.unseal(_KIND, bytes(row.session_data), row.session_key.encode())
    except Unopened:
        log.warning("people.row-altered", table="people_session")
        return None
    known = SessionStore().decode(plain.decode())
    return known if _staff_in(known) == row.staff else None


def _staff_in(known: dict[str, Any]) -> UUID | None:
    found = known.get(SESSION_KEY)
    return UUID(found) if found else None


def _insert(key: str, sealed: bytes, staff: UUID | None) -> None:
    now_s = clock.now_s()
    row = Session(session_key=key, session_data=sealed, staff=staff, created_s=now_s, seen_s=now_s)
    row.expire_date = datetime.fromtimestamp(now_s + _longest_s(row), UTC)
    row.mac = _mark(row)
    try:
        with transaction.atomic(using="default"):
            row.save(force_insert=True)
    except IntegrityError:
        raise CreateError from None


def _update(key: str, sealed: bytes, staff: UUID | None) -> int:
    return Session.objects.filter(session_key=key, staff=staff).update(session_data=sealed)


def _take_over(key: str, sealed: bytes, staff: UUID | None) -> int:
    """Let a stranger's session, which Django has just given a new key, be that of who signed in. Its time begins."""
    now_s = clock.now_s()
    row = Session(session_key=key, staff=staff, created_s=now_s, seen_s=now_s)
    return Session.objects.filter(session_key=key, staff=None).update(
        session_data=sealed,
        staff=staff,
        created_s=now_s,
        seen_s=now_s,
        expire_date=datetime.fromtimestamp(now_s + _longest_s(row), UTC),
        mac=_mark(row),
    )


def _note_use(row: Session, now_s: int) -> None:
    if now_s - row.seen_s < NOTED_EVERY_S:
        return
    before, row.seen_s = row.seen_s, now_s
    rows = Session.objects.filter(session_key=row.session_key, seen_s=before)
    try:
        rows.update(seen_s=now_s, mac=_mark(row))
    except OperationalError:
        # A busy database must not turn a page into an error; the next request notes it.
        log.warning("people.use-not-noted")
