"""Photograph pages of a running home: `python -m tests.support.shots EMAIL FOLDER PATH [PATH …] [--only 390-light]`.

Home and address come from KEEPFOLD_HOME and KEEPFOLD_BIND, as for the server. EMAIL `-` is nobody. Each page is taken
at 390 and 1280 px, light and dark. Prints one line for every page whose content is wider than its window.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run"]
SIZES = {"390": (390, 844), "1280": (1280, 900)}


def say(line: str) -> None:
    """Write a line to the terminal."""
    sys.stdout.write(line + "\n")


def session_cookie(email: str) -> str:
    """Make a session for a member of staff in this home and return its cookie's value."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "keepfold.site.settings")
    django.setup()
    from django.conf import settings
    from django.contrib.auth import login
    from django.http import HttpRequest
    from django.utils.module_loading import import_string

    from keepfold.people.models import Staff

    request = HttpRequest()
    request.session = import_string(f"{settings.SESSION_ENGINE}.SessionStore")()
    login(request, Staff.objects.get(email=email), backend=settings.AUTHENTICATION_BACKENDS[0])
    request.session.save()
    return str(request.session.session_key)


def photograph(browser: Browser, address: str, cookie: str, folder: Path, path: str, kind: str, language: str) -> None:
    """Take one picture."""
    width, scheme = kind.split("-")
    size = SIZES.get(width, (int(width), 900))
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,  # type: ignore[arg-type]
        locale=language,
    )
    if cookie:
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": address}])
    page = context.new_page()
    page.on("console", lambda message: say(f"{path}: {message.text}") if message.type == "error" else None)
    page.goto(address + path)
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if wide > 0:
        say(f"{path} at {kind}: {wide} px too wide")
    name = re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-") or "home"
    page.screenshot(path=folder / f"{name}-{kind}-{language}.png", full_page=True)
    context.close()


def main() -> None:
    """Take the pictures that the command line asks for."""
    words = argparse.ArgumentParser()
    words.add_argument("email")
    words.add_argument("folder", type=Path)
    words.add_argument("paths", nargs="+")
    words.add_argument(
        "--only", nargs="*", default=[f"{size}-{scheme}" for size in SIZES for scheme in ("light", "dark")]
    )
    words.add_argument("--language", default="en")
    given = words.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    address = "http://" + os.environ["KEEPFOLD_BIND"].replace("127.0.0.1", "localhost")
    cookie = "" if given.email == "-" else session_cookie(given.email)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for path in given.paths:
            for kind in given.only:
                photograph(browser, address, cookie, given.folder, path, kind, given.language)
        browser.close()


if __name__ == "__main__":
    main()
