"""A form of a page as a browser would send it, without a browser: what is filled in, ticked and chosen."""

from __future__ import annotations

from html.parser import HTMLParser


class _Form(HTMLParser):
    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key
        self.inside = False
        self.sent: dict[str, list[str]] = {}
        self.select = self.area = ""
        self.options: list[tuple[str, bool]] = []
        self.typed = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.inside = self.key in {given.get("id"), given.get("action")}
        if not self.inside:
            return
        name = given.get("name") or ""
        if tag == "input" and name and (given.get("type") not in {"checkbox", "radio"} or "checked" in given):
            usual = "on" if given.get("type") in {"checkbox", "radio"} else ""
            self.sent.setdefault(name, []).append(given.get("value", usual) or "")
        elif tag == "select":
            self.select, self.options = name, []
        elif tag == "option" and self.select:
            self.options.append((given.get("value") or "", "selected" in given))
        elif tag == "textarea":
            self.area, self.typed = name, ""

    def handle_data(self, data: str) -> None:
        if self.area:
            self.typed += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False
        elif tag == "select" and self.select:
            chosen = [value for value, is_chosen in self.options if is_chosen] or [
                value for value, _ in self.options[:1]
            ]
            self.sent[self.select] = chosen
            self.select = ""
        elif tag == "textarea" and self.area:
            # The first line break after the tag is not part of the text (HTML, 4.10.11).
            self.sent[self.area] = [self.typed.removeprefix("\n").replace("\n", "\r\n")]
            self.area = ""


def filled(page: str, key: str = "desk") -> dict[str, list[str]]:
    """Return what the form with this id, or this address, would send as it stands."""
    form = _Form(key)
    form.feed(page)
    assert form.sent, f"no form {key}"
    return form.sent
