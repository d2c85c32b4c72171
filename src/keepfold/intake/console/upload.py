"""A file that comes in: sealed piece by piece as it is read from the network, never whole in memory, never on a disk.

Django reads a form when somebody first asks for it, which its check against forged forms does. So the view is exempt
from that check, puts this handler in place, and then has itself checked.
"""

from __future__ import annotations

import threading
import time
from io import BytesIO
from pathlib import PurePath
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest

from keepfold.intake.sources.opening import refuse_kind
from keepfold.intake.uploads import Receiver
from keepfold.kernel import config
from keepfold.kernel.errors import KeepfoldError, TooLarge, TooMany

_HEAD_BYTES = 16
_PIECE_BYTES = 1 << 18
# Slower than this, after a minute, is no upload: it only holds a thread of the server.
_PATIENCE_S, _SLOWEST_BYTES_A_SECOND = 60.0, 4096
_LONGEST_NAME = 120
_turns: threading.BoundedSemaphore | None = None
_lock = threading.Lock()


class SealingHandler(FileUploadHandler):
    """Takes the first file of a form and nothing else. What is wrong with it is in `problem`."""

    chunk_size = _PIECE_BYTES

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.received: Receiver | None = None
        self.problem: KeepfoldError | None = None
        self._head = b""
        self._began = time.monotonic()
        self._most = config.current().max_upload_bytes

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """See Django. A second file ends the upload."""
        super().new_file(*args, **kwargs)
        if self.received is not None or self.problem is not None:
            self._refuse(TooLarge("Upload one file at a time.", code="intake.upload-several"))
        try:
            self.received = Receiver()
        except KeepfoldError as error:
            self._refuse(error)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """See Django. Nothing is handed on, so no other handler sees the file."""
        received = self.received
        if received is None or self.problem is not None:
            return
        if start + len(raw_data) > self._most:
            self._refuse(too_large(self._most))
        if self._is_too_slow(start):
            self._refuse(TooLarge("The file came in too slowly.", code="intake.upload-slow", next_step="Try again."))
        try:
            self._look(raw_data)
            received.take(raw_data)
        except KeepfoldError as error:
            self._refuse(error)

    def file_complete(self, file_size: int) -> UploadedFile[Any] | None:
        """See Django."""
        if self.received is None or self.problem is not None:
            return None
        try:
            self._look(b"", last=True)
            self.received.finish()
        except KeepfoldError as error:
            self._refuse(error)
        return UploadedFile(BytesIO(), name_of(self.file_name), self.content_type, file_size)

    def upload_interrupted(self) -> None:
        """See Django."""
        self.discard()

    def discard(self) -> None:
        """Remove what came in."""
        if self.received is not None:
            self.received.discard()
            self.received = None

    def _look(self, piece: bytes, *, last: bool = False) -> None:
        """Refuse a file by its beginning as soon as there is enough of it."""
        if len(self._head) < _HEAD_BYTES:
            self._head += piece[: _HEAD_BYTES - len(self._head)]
            if len(self._head) == _HEAD_BYTES or last:
                refuse_kind(self._head, PurePath(name_of(self.file_name)).suffix)

    def _is_too_slow(self, bytes_so_far: int) -> bool:
        seconds = time.monotonic() - self._began
        return seconds > _PATIENCE_S and bytes_so_far < seconds * _SLOWEST_BYTES_A_SECOND

    def _refuse(self, problem: KeepfoldError) -> None:
        self.problem = problem
        self.discard()
        # The rest is still read, so that the browser hears the answer instead of a broken connection.
        raise StopUpload(connection_reset=False)


def too_large(most: int) -> TooLarge:
    """Return the error for a file beyond the limit."""
    return TooLarge(
        f"The file is larger than the {most // (1 << 20)} MiB that may be uploaded here.",
        code="intake.upload-too-large",
        rule="max_upload_bytes",
        next_step="Split it, or let whoever runs Keepfold import it on the command line.",
    )


def name_of(given: str | None) -> str:
    """Return a file's name as it may be shown: the last part of a path, printable, not too long, with its ending."""
    last = (given or "").replace("\\", "/").rpartition("/")[2]
    clean = "".join(letter for letter in last if letter.isprintable()).strip().lstrip(".")
    ending = PurePath(clean).suffix
    if len(clean) > _LONGEST_NAME and len(ending) < _LONGEST_NAME:
        clean = clean[: _LONGEST_NAME - len(ending)] + ending
    return clean[:_LONGEST_NAME] or "file"


class turn:  # noqa: N801  used like a function
    """Context: one upload at a time fewer than there are threads, so that a slow one leaves the server answering."""

    def __enter__(self) -> None:
        """Take a turn. Raises `TooMany` when there is none within a second."""
        if not _semaphore().acquire(timeout=1):
            raise TooMany(
                "Another file is being uploaded at this moment.",
                code="intake.upload-busy",
                next_step="Try again in a moment.",
            )

    def __exit__(self, *_: object) -> None:
        """Give it back."""
        _semaphore().release()


def _semaphore() -> threading.BoundedSemaphore:
    global _turns  # noqa: PLW0603  made at the first upload, when the settings are known
    with _lock:
        if _turns is None:
            _turns = threading.BoundedSemaphore(max(1, config.current().web_threads - 1))
        return _turns
