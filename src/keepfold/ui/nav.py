"""Where the console can lead: every room registers its pages, the shell shows those that somebody's roles include."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# In the order in which they are shown; the first has no heading.
GROUPS: dict[str, str | Promise] = {
    "home": "",
    "customers": _("Customers"),
    "rules": _("Rules"),
    "proof": _("Proof"),
    "running": _("Running"),
}


class Item(NamedTuple):
    """One page that can be gone to. `needs` as in `gate.console.page`; `waiting` counts what waits there.

    `waiting_for` counts what waits there for somebody, and is asked with that person. `keys` are the two letters that
    lead there by keyboard; `hidden` items are in the palette only.
    """

    key: str
    group: str
    label: str | Promise
    icon: str
    route: str
    needs: tuple[str, ...] = ()
    order: int = 50
    keys: str = ""
    hidden: bool = False
    waiting: Callable[[], int] | None = None
    waiting_for: Callable[[Any], int] | None = None

    @property
    def url(self) -> str:
        """Return the address."""
        return reverse(self.route)


class Group(NamedTuple):
    """A heading and what lies below it."""

    label: str | Promise
    items: tuple[Item, ...]


_items: dict[str, Item] = {}


def register(*items: Item) -> None:
    """Add pages to the navigation and the palette; the same key replaces.

    Raises `ValueError` when two pages want the same letters; then none of them is added.
    """
    wanted = {**_items, **{item.key: item for item in items}}
    taken: dict[str, str] = {}
    for item in wanted.values():
        first = taken.setdefault(item.keys.upper(), item.key) if item.keys else item.key
        if first != item.key:
            raise ValueError(f"{item.keys} leads to {first!r} already; {item.key!r} needs other letters")
    _items.update(wanted)


def items(holds: Callable[[str], bool]) -> tuple[Item, ...]:
    """Return what somebody may go to, in order; `holds` says whether they hold an action."""
    seen = (item for item in _items.values() if not item.needs or any(holds(need) for need in item.needs))
    return tuple(sorted(seen, key=lambda item: (list(GROUPS).index(item.group), item.order, item.key)))


def groups(holds: Callable[[str], bool], who: Any = None) -> tuple[Group, ...]:
    """Return the navigation beside every page; what waits for somebody is counted for `who`."""
    shown = [_asking(item, who) for item in items(holds) if not item.hidden]
    made = (Group(label, tuple(item for item in shown if item.group == key)) for key, label in GROUPS.items())
    return tuple(group for group in made if group.items)


def _asking(item: Item, who: Any) -> Item:
    return item if item.waiting_for is None else item._replace(waiting=partial(item.waiting_for, who))
