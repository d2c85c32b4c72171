"""What comes from elsewhere is what was published, and no list says where it was fetched from."""

import re

from keepfold.ui import assets
from tools import vendor


def test_every_vendored_file_is_as_listed():
    assert vendor.check() == []


def test_a_changed_a_missing_and_a_foreign_file_are_named(tmp_path, monkeypatch):
    for folder in ("fonts", "vendor"):
        (tmp_path / folder).mkdir()
    for one in vendor._listed():
        (tmp_path / one["file"]).write_bytes((vendor.STATIC / one["file"]).read_bytes())
    monkeypatch.setattr(vendor, "STATIC", tmp_path)
    assert vendor.check() == []
    (tmp_path / "vendor/htmx.min.js").write_text("alert(1)")
    (tmp_path / "fonts/inter-latin.woff2").unlink()
    (tmp_path / "vendor/other.js").write_text("")
    assert vendor.check() == [
        "vendor/other.js is not in the list.",
        "fonts/inter-latin.woff2 is missing.",
        "vendor/htmx.min.js is not what was vendored.",
    ]


def test_fonts_are_asked_for_by_the_address_that_preloads_them():
    style = assets.table()["ui/fonts.css"].path.read_text()
    asked = re.findall(r'url\("([^"]+)"\)', style)
    assert asked
    assert all(f"/static/ui/{one}" == assets.address(f"ui/{one.partition('?')[0]}") for one in asked)


def test_no_registry_is_named():
    for path in (*vendor.HERE.iterdir(), vendor.LOCK):
        assert "registry" not in path.read_text().replace("omit-lockfile-registry-resolved", ""), path


def test_every_icon_of_the_list_is_in_the_sprite():
    there = set(re.findall(r'id="i-([a-z0-9-]+)"', assets.table()["ui/icons.svg"].path.read_text()))
    assert there == {*vendor._icon_names(), "mark", "recorded", "witnessed"}
