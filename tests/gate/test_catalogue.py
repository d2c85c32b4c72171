"""packs/actions.toml is read strictly."""

from __future__ import annotations

import pytest

from keepfold.gate import catalogue, known_actions
from keepfold.kernel.errors import Misconfigured

LINE = '"shop.order.place" = {number = 901, label = {en = "Placed an order", de = "Bestellt"}, kind = "change"}\n'


def test_a_line_has_number_label_and_kind():
    line = catalogue.parse(LINE)["shop.order.place"]
    assert (line.number, line.label["de"], line.kind) == (901, "Bestellt", "change")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (LINE + LINE.replace("place", "cancel"), "same number 901"),
        (LINE.replace("shop.order.place", "order"), r"room\.thing\.verb"),
        (LINE.replace("change", "thing"), "number, label and kind"),
        (LINE.replace("901", '"x"'), "number, label and kind"),
        (LINE.replace('en = "Placed an order", ', ""), "English"),
        (LINE.replace("901", "0"), "positive"),
    ],
    ids=["number-twice", "short-name", "unknown-kind", "number-as-text", "no-english", "zero"],
)
def test_a_wrong_line_is_refused_by_name(text, what):
    with pytest.raises(Misconfigured, match=what):
        catalogue.parse(text)


def test_the_catalogue_of_this_version_is_valid():
    assert all(line.number > 0 for line in known_actions().values())


def test_a_misspelt_action_is_answered_with_the_nearest_one(monkeypatch):
    monkeypatch.setattr(catalogue, "known_actions", lambda: catalogue.parse(LINE))
    with pytest.raises(Misconfigured, match=r"Did you mean shop\.order\.place"):
        catalogue.known("shop.order.plase")
