"""Bring in what the browser gets from elsewhere: `make vendor`. Fonts, icons and htmx, each from its npm package.

Versions and hashes of the packages are in `vendored/package-lock.json`; install scripts do not run. What was copied,
and what was cut out of it, is listed with its hash in `static/ui/vendor.lock.json`. `check()` compares the files with
that list without any network, and a test runs it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent / "vendored"
STATIC = HERE.parents[1] / "src" / "keepfold" / "ui" / "static" / "ui"
LOCK = STATIC / "vendor.lock.json"

INTER, NEWSREADER = "@fontsource-variable/inter", "@fontsource-variable/newsreader"
HTMX, LUCIDE = "htmx.org", "lucide-static"
LICENCES = {INTER: "OFL-1.1", NEWSREADER: "OFL-1.1", HTMX: "0BSD", LUCIDE: "ISC"}

COPIED = {
    "vendor/htmx.min.js": (HTMX, "dist/htmx.min.js"),
    "vendor/hx-csp.min.js": (HTMX, "dist/ext/hx-csp.min.js"),
    "vendor/LICENSE.htmx.txt": (HTMX, "LICENSE"),
    "vendor/LICENSE.lucide.txt": (LUCIDE, "LICENSE"),
    "fonts/LICENSE.inter.txt": (INTER, "LICENSE"),
    "fonts/LICENSE.newsreader.txt": (NEWSREADER, "LICENSE"),
}

# ASCII, Latin-1, and the signs that texts in English and German need beyond: quotes, dashes, arrows, spaces.
LATIN = (
    "".join(map(chr, range(0x20, 0x7F)))
    + "".join(map(chr, range(0xA0, 0x100)))
    + "ıŒœʼˆ˚˜\u2009\u200a\u2010\u2011\u2012–—‘’‚“”„†•…\u202f‰′″‹›⁄€™←↑→↓−∕"
)
# What the other languages of Europe that write Latin letters need beyond: Latin Extended-A, Romanian and Welsh.
EUROPE = "".join(map(chr, [*range(0x100, 0x180), *range(0x218, 0x21C), *range(0x1E80, 0x1E86), 0x1E9E, 0x1EF2, 0x1EF3]))
FEATURES = ["kern", "mark", "mkmk", "ccmp", "locl", "liga", "tnum", "onum", "lnum", "pnum"]
UI_AXES: dict[str, Any] = {"wght": {"min": 400, "max": 700}}
READ_AXES: dict[str, Any] = {"wght": 400, "opsz": {"min": 18, "max": 48}}


class Font(NamedTuple):
    """One file: from where, which letters, and for which weights the style sheet offers it."""

    file: str
    family: str
    package: str
    source: str
    weights: tuple[str, ...]
    axes: dict[str, Any]
    text: str = ""


def _font(file: str, package: str, subset: str, weights: tuple[str, ...], axes: dict[str, Any], text: str = "") -> Font:
    family = package.rpartition("/")[2]
    return Font(f"fonts/{file}.woff2", family.title(), package, f"{family}-{subset}", weights, axes, text)


REGULAR, MEDIUM, ANY = "200 449", "450 800", "400 700"

# No letter is offered by two files of a family: a browser that waits for the one would fetch the other. Newsreader's
# variable weight would double its size: what is set in it is regular, and here and there medium; all its files name
# these two ranges, for browsers choose by range first. Medium is for headings: one optical size halves the file.
FONTS = (
    _font("inter-cyrillic", INTER, "cyrillic", (ANY,), UI_AXES),
    _font("inter-greek", INTER, "greek", (ANY,), UI_AXES),
    _font("inter-vietnamese", INTER, "vietnamese", (ANY,), UI_AXES),
    _font("inter-latin-more", INTER, "latin-ext", (ANY,), UI_AXES),
    _font("inter-latin-ext", INTER, "latin-ext", (ANY,), UI_AXES, EUROPE),
    _font("inter-latin", INTER, "latin", (ANY,), UI_AXES, LATIN),
    _font("newsreader-latin-ext", NEWSREADER, "latin-ext", (REGULAR, MEDIUM), READ_AXES, EUROPE),
    _font("newsreader-latin", NEWSREADER, "latin", (REGULAR,), READ_AXES, LATIN),
    _font("newsreader-latin-medium", NEWSREADER, "latin", (MEDIUM,), {"wght": 520, "opsz": 32}, LATIN),
)


def main() -> int:
    """Make everything anew, or with `check` compare what is there with the list."""
    if sys.argv[1:] == ["check"]:
        problems = check()
        print("\n".join(problems) or f"All {len(_listed())} files are as listed.")
        return int(bool(problems))
    with tempfile.TemporaryDirectory(prefix="keepfold-vendor-") as folder:
        packages = _install(Path(folder))
        made = [*_copy(packages), *_cut(packages), *_draw(packages)]
    LOCK.write_text(json.dumps({"files": sorted(made, key=lambda one: one["file"])}, indent=2) + "\n")
    _drop_others()
    print(f"{len(made)} files, {sum(_size(one['file']) for one in made):,} bytes.")
    return 0


def _install(folder: Path) -> Path:
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(HERE / name, folder)
    shutil.copy(HERE / "subset.mjs", folder)
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit("npm is missing. On Debian 12, type:  apt-get install npm")
    subprocess.run([npm, "ci", "--ignore-scripts", "--silent", "--no-audit", "--no-fund"], cwd=folder, check=True)
    return folder / "node_modules"


def _entry(packages: Path, file: str, package: str, source: str, how: str) -> dict[str, str]:
    about = json.loads((packages / package / "package.json").read_text())
    return {
        "file": file,
        "package": package,
        "version": about["version"],
        "licence": LICENCES[package],
        "source": source,
        "how": how,
        "sha384": digest(STATIC / file),
    }


def _copy(packages: Path) -> Iterator[dict[str, str]]:
    for file, (package, source) in COPIED.items():
        (STATIC / file).parent.mkdir(exist_ok=True)
        shutil.copyfile(packages / package / source, STATIC / file)
        yield _entry(packages, file, package, source, "copied")


def _cut(packages: Path) -> Iterator[dict[str, str]]:
    sources = [packages / font.package / "files" / f"{font.source}-opsz-normal.woff2" for font in FONTS]
    wanted = [
        {"from": str(source), "to": str(STATIC / font.file), "text": font.text, "features": FEATURES, "axes": font.axes}
        for font, source in zip(FONTS, sources, strict=True)
    ]
    node = shutil.which("node") or "node"
    subprocess.run([node, "subset.mjs"], cwd=packages.parent, input=json.dumps(wanted), text=True, check=True)
    faces = "".join(_face(font, weights, _ranges(packages, font)) for font in FONTS for weights in font.weights)
    (STATIC / "fonts.css").write_text(_text("fonts_head.css") + faces + _text("fonts_foot.css"))
    for font, source in zip(FONTS, sources, strict=True):
        yield _entry(packages, font.file, font.package, f"files/{source.name}", f"cut, {json.dumps(font.axes)}")


def _ranges(packages: Path, font: Font) -> str:
    """Return which characters a file is fetched for: those it was cut to, or those that its package names."""
    if font.text:
        return _short(sorted(map(ord, font.text)))
    style = (packages / font.package / "opsz.css").read_text()
    found = re.search(rf"{re.escape(font.source)}-opsz-normal\.woff2.*?unicode-range: ?([^;]+);", style, re.DOTALL)
    if found is None:
        raise SystemExit(f"{font.package} names no range for {font.source}.")
    elsewhere = {ord(letter) for other in FONTS if other.family == font.family for letter in other.text}
    return _short(sorted(_codes(found[1]) - elsewhere))


def _codes(ranges: str) -> set[int]:
    """Return the characters of a `unicode-range`."""
    ends = [one.strip().removeprefix("U+").split("-") for one in ranges.split(",")]
    return {code for end in ends for code in range(int(end[0], 16), int(end[-1], 16) + 1)}


def _short(codes: list[int]) -> str:
    runs: list[list[int]] = []
    for code in codes:
        if runs and code == runs[-1][1] + 1:
            runs[-1][1] = code
        else:
            runs.append([code, code])
    return ", ".join(f"U+{first:04X}" if first == last else f"U+{first:04X}-{last:04X}" for first, last in runs)


def _face(font: Font, weights: str, ranges: str) -> str:
    # The address is the one that {% asset %} gives, so that a preloaded font is not fetched twice. Optional: what comes
    # late is for the next page, and nothing that somebody reads already moves.
    version = hashlib.sha256((STATIC / font.file).read_bytes()).hexdigest()[:12]
    return (
        f'@font-face {{\n  font-family: "{font.family}"; font-style: normal; font-weight: {weights}; '
        f'font-display: optional;\n  src: url("{font.file}?v={version}") format("woff2");\n'
        f"  unicode-range: {ranges};\n}}\n"
    )


def _draw(packages: Path) -> Iterator[dict[str, str]]:
    version = json.loads((packages / LUCIDE / "package.json").read_text())["version"]
    own = dict(re.findall(r'(?m)^  <symbol id="i-([a-z-]+)" (.*)$', _text("icons_own.svg")))
    drawn = {name: _symbol(packages / LUCIDE / "icons" / f"{name}.svg") for name in _icon_names()} | own
    lines = "".join(f'  <symbol id="i-{name}" {drawing}\n' for name, drawing in sorted(drawn.items()))
    (STATIC / "icons.svg").write_text(_text("icons_head.svg").replace("VERSION", version) + lines + "</svg>\n")
    yield _entry(packages, "icons.svg", LUCIDE, "icons/*.svg", "drawn together, see tools/vendored/icons.txt")


def _text(name: str) -> str:
    return (HERE / name).read_text()


def _icon_names() -> list[str]:
    return _text("icons.txt").split()


def _symbol(path: Path) -> str:
    inner = re.search(r"<svg[^>]*>(.*)</svg>", path.read_text(), re.DOTALL)
    if inner is None:
        raise SystemExit(f"{path.name} is not an icon.")
    drawing = re.sub(r"\s+", " ", inner[1]).replace(" />", "/>").replace("> <", "><").strip()
    return f'viewBox="0 0 24 24">{drawing}</symbol>'


def _drop_others() -> None:
    listed = {one["file"] for one in _listed()}
    for path in [*(STATIC / "fonts").iterdir(), *(STATIC / "vendor").iterdir()]:
        if path.relative_to(STATIC).as_posix() not in listed:
            path.unlink()


# --------------------------------------------------------------------------------------------------------------- check


def digest(path: Path) -> str:
    """Return the SHA-384 of a file as the `integrity` attribute writes it, without its prefix."""
    return base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode()


def _listed() -> list[dict[str, str]]:
    return list(json.loads(LOCK.read_text())["files"])


def _size(file: str) -> int:
    return (STATIC / file).stat().st_size


def check() -> list[str]:
    """Return what is not as listed: a file that differs, is missing, or is not in the list."""
    listed = {one["file"]: one["sha384"] for one in _listed()}
    there = {
        path.relative_to(STATIC).as_posix()
        for folder in ("fonts", "vendor")
        for path in (STATIC / folder).iterdir()
        if path.is_file()
    } | {"icons.svg"}
    problems = [f"{file} is not in the list." for file in sorted(there - listed.keys())]
    problems += [f"{file} is missing." for file in sorted(listed.keys() - there)]
    return problems + [
        f"{file} is not what was vendored."
        for file in sorted(there & listed.keys())
        if digest(STATIC / file) != listed[file]
    ]


if __name__ == "__main__":
    sys.exit(main())
