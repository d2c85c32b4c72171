"""Who did something, by name where this installation knows one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _

from keepfold.kernel import ids
from keepfold.people import queries as people


def of(found: Iterable[bytes]) -> Mapping[bytes, str]:
    """Return the names of people by id; the operator of the command line has one, others may show their id."""
    wanted = set(found)
    known = dict(people.names_of(wanted))
    known[people.OPERATOR_ID] = _("the operator, from the command line")
    return {one: known.get(one) or ids.show("stf", one) for one in wanted}
