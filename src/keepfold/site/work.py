"""The worker: jobs, schedules, events, and the beats of the rooms, such as the ledger's sequencer."""

from __future__ import annotations

import sys
from typing import NoReturn

from keepfold.kernel import config
from keepfold.kernel.errors import KeepfoldError
from keepfold.site import logs, startup
from keepfold.site.parent import end_with_parent
from keepfold.site.supervisor import CANNOT_START


def work() -> NoReturn:
    """Work until told to stop; leave with `CANNOT_START` when a person has to repair something first."""
    from keepfold.kernel import jobs  # noqa: PLC0415  needs Django

    end_with_parent()
    logs.configure()
    try:
        startup.check()
    except KeepfoldError as error:
        startup.Trouble(config.current().home, "worker").tell(error)
        sys.exit(CANNOT_START)
    jobs.Worker().run()
    sys.exit(0)
