"""Where the console can lead, and by which letters."""

import pytest

from keepfold.ui import nav


@pytest.fixture
def places(monkeypatch):
    """Start with nothing registered."""
    monkeypatch.setattr(nav, "_items", {})


def page(key, keys=""):
    return nav.Item(key, "home", key.title(), "house", key, keys=keys)


def known():
    return [item.key for item in nav.items(lambda _action: True)]


@pytest.mark.usefixtures("places")
@pytest.mark.parametrize("keys", ["G P", "g p"])
def test_two_pages_by_the_same_letters_are_refused_with_both_names_and_neither_takes_the_place(keys):
    nav.register(page("policy", "G P"))
    with pytest.raises(ValueError, match="'policy' already; 'staff' needs other letters"):
        nav.register(page("roles"), page("staff", keys))
    assert known() == ["policy"]


@pytest.mark.usefixtures("places")
def test_two_pages_that_are_registered_at_once_cannot_share_letters_either():
    with pytest.raises(ValueError, match="G P leads to 'policy' already"):
        nav.register(page("policy", "G P"), page("staff", "G P"))
    assert known() == []


@pytest.mark.usefixtures("places")
def test_a_page_may_be_registered_again_with_its_own_letters_and_pages_without_any_are_many():
    nav.register(page("policy", "G P"), page("diff"), page("versions"))
    nav.register(page("policy", "G P"))
    nav.register(page("policy", "G Y"), page("people", "G P"))
    assert known() == ["diff", "people", "policy", "versions"]
