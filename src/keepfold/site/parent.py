"""A child that must not outlive its parent asks the kernel to be told (Linux `prctl(2)`, PR_SET_PDEATHSIG)."""

from __future__ import annotations

import ctypes
import os
import signal

_PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Receive SIGTERM when the parent dies, so that a killed supervisor leaves no server behind."""
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:  # it died between the two lines above
        os.kill(os.getpid(), signal.SIGTERM)
