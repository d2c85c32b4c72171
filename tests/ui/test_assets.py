"""Files for the browser: small, addressed by content, and packed where that helps."""

import gzip
import re

from keepfold.ui import assets

# Everything that the first view of a console page loads. A page with a statement adds Newsreader, which is counted in.
FIRST_VIEW = (
    *(f"ui/{name}.css" for name in ("tokens", "fonts", "base", "layout", "components", "rooms")),
    "ui/icons.svg",
    "ui/mark.svg",
    "ui/fonts/inter-latin.woff2",
    "ui/fonts/newsreader-latin.woff2",
    "ui/vendor/htmx.min.js",
    "ui/vendor/hx-csp.min.js",
    "ui/keepfold.js",
)
FOR_THE_PAGE = 30_000


def carried(name):
    """Return how many bytes travel for a file."""
    path = assets.table()[name].path
    packed = assets.packed(path)
    return len(packed) if packed is not None else path.stat().st_size


def test_the_first_view_leaves_room_for_the_page_itself():
    assert sum(map(carried, FIRST_VIEW)) <= 150_000 - FOR_THE_PAGE


def test_our_own_script_stays_small_and_makes_no_markup():
    text = assets.table()["ui/keepfold.js"].path.read_text()
    assert len(text.encode()) < 6000
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|setAttribute\('on", text
    )


def test_text_is_packed_and_unpacks_to_itself():
    for name, asset in assets.table().items():
        packed = assets.packed(asset.path)
        if packed is not None:
            assert gzip.decompress(packed) == asset.path.read_bytes(), name
            assert len(packed) < asset.path.stat().st_size, name
        else:
            assert asset.path.suffix in {".woff2", ".png"}, name


def test_a_script_of_ours_is_typed_javascript():
    assert assets.table()["ui/keepfold.js"].content_type == "text/javascript; charset=utf-8"
    assert assets.table()["ui/keepfold.js"].integrity.startswith("sha384-")
