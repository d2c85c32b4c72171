"""An import in the console as somebody in a browser does it, one step at a time."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from keepfold.kernel.jobs import Worker
from tests.support.console import signed_in, text_of

PEOPLE = """Email,First name,Last name,Phone,Fax
zora.neale@example.org,Zora,Hurston,+46 70 174 06 05,+1 212 555 0199
max.frisch@example.org,Maximilian,Frischling,+41 44 668 18 00,+1 212 555 0198
this is no address,Wrongly,Written,+41 44 668 18 00,+1 212 555 0197
"""
VALUES = ("zora.neale@example.org", "Hurston", "max.frisch@example.org", "Maximilian", "Frischling", "this is no address",
          "+46 70 174 06 05", "+41 44 668 18 00", "+1 212 555 0199", "Wrongly")  # fmt: skip


def main_of(answer: Any) -> str:
    """Return what stands in the page itself."""
    page = text_of(answer)
    return page[page.index("<main") : page.index("</main")]


class Importing:
    """One person at the pages about imports."""

    def __init__(self, name: str = "Ana", **headers: Any) -> None:
        self.browser = signed_in(name, **headers)
        self.where = ""

    def upload(self, content: str | bytes = PEOPLE, name: str = "people.csv", **fields: str) -> Any:
        """Upload a file; on success the import's page is where this person is."""
        data = content.encode() if isinstance(content, str) else content
        answer = self.browser.post("/imports/new", {"file": SimpleUploadedFile(name, data), **fields})
        self.where = answer["Location"] if answer.status_code == 302 else ""
        return answer

    def page(self) -> str:
        """Return the import's page."""
        return main_of(self.browser.get(self.where))

    def work(self) -> Importing:
        """Let the worker do what waits."""
        Worker(only=["intake.import"], with_events=False).drain()
        return self

    def chosen(self) -> dict[str, str]:
        """Return what the mapping page proposes, as its form would send it."""
        selects = re.findall(r'<select class="input[^"]*" name="([^"]+)".*?</select>', self.page(), re.DOTALL)
        found = {}
        for name in selects:
            part = re.search(rf'name="{name}".*?</select>', self.page(), re.DOTALL)
            option = re.search(r'<option value="([^"]*)" selected', part[0])
            found[name] = unescape(option[1]) if option else ""
        return {"do": "check", "existing": "skip", **found}

    def decide(self, do: str, **fields: str) -> Any:
        """Send a form of the import's page."""
        return self.browser.post(self.where, {"do": do, **fields})

    def check(self, **changes: str) -> Any:
        """Ask for the dry run with the proposed mapping, or with changes to it."""
        return self.browser.post(self.where, self.chosen() | changes)

    def to_report(self, content: str | bytes = PEOPLE, name: str = "people.csv", **changes: str) -> Importing:
        """Go as far as the dry run's report."""
        self.upload(content, name)
        self.work().check(**changes)
        return self.work()

    def to_end(self, content: str | bytes = PEOPLE, name: str = "people.csv") -> Importing:
        """Go all the way."""
        self.to_report(content, name).decide("launch")
        return self.work()

    @property
    def held(self) -> Any:
        """Return the import's row."""
        from keepfold.intake import held
        from keepfold.kernel import ids

        return held.one(ids.parse("imp", self.where.rpartition("/")[2]))
