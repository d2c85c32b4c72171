"""Makes a session for everybody on the staff of a home: `KEEPFOLD_HOME=… python -m tests.journeys.mint`.

Prints the name of the cookie and its value for each name before the @. Also for somebody who was deactivated: their
old session must not count.
"""

from __future__ import annotations

import json
import sys

from tests.support.shots import session_cookie


def main() -> None:
    """Print the cookies."""
    from keepfold.site import setup

    setup.load()
    from django.conf import settings

    from keepfold.people.models import Staff
    from keepfold.site import wiring

    wiring.wire()
    emails = list(Staff.objects.values_list("email", flat=True))
    sessions = {email.partition("@")[0]: session_cookie(email) for email in emails}
    sys.stdout.write(json.dumps({"cookie": settings.SESSION_COOKIE_NAME, "sessions": sessions}) + "\n")


if __name__ == "__main__":
    main()
