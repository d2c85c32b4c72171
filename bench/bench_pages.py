"""Every page of the console over a million customers and five million ledger entries: `make bench-pages`.

Beside the bare pages it asks for filtered and far-paged lists (`VIEWS`) and sends the forms by which people find and
open somebody (`uses`). Server time is taken at a client on the same machine, one request after the other, of a real
`keepfold up`; the CPU of its processes beside it says how much of that was its own work. Size, layout shift and
interaction are Chromium's own figures on a first visit with an empty cache, over a line slowed to 10 Mbit/s and 40 ms,
so that late fonts would show. Exit code 1 when a budget is missed. `--small` builds a store of 5,000 customers and
20,000 entries: quick, and says nothing about size.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

from bench.common import Bench
from keepfold.demo import fit, generator
from keepfold.demo.lists import locales
from keepfold.ui import tables
from tests.journeys.pages import of
from tests.site.conftest import Machine

ROOT = Path(__file__).resolve().parent.parent
CUSTOMERS, ENTRIES = 1_000_000, 5_000_000
SMALL = (5_000, 20_000)
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage"]
LINE = {"offline": False, "latency": 40, "downloadThroughput": 1.25e6, "uploadThroughput": 1.25e6}
MOST_MS, MOST_KB, MOST_SHIFT, MOST_ANSWER_MS = 100, 150, 0, 200
OWNER = "olga"
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
# Whoever is signed in already is led on from these.
FOR_STRANGERS = ("/sign-in", "/sign-in/forgotten", "/sign-in/forgotten/code", "/sign-in/code")

# Lists as people use them: filtered, by days, far from the newest.
VIEWS = (
    "/ledger/entries?outcome=refused",
    "/ledger/entries?kind=access&actor=staff&purpose=1&outcome=allowed",
    "/ledger/entries?day_from=2026-05-01&day_to=2026-05-02",
    "/ledger/entries?n=100&after={half}",
    "/ledger?growth=all",
    "/audit?n=100&after={half}",
    "/audit?who={staff_id}",
    "/consents?purpose=newsletter",
    "/customers?purpose=support",
)

# Kept from the first moment of a page; read at its end.
WATCH = """
window.__shift = 0; window.__events = [];
new PerformanceObserver((list) => { for (const one of list.getEntries()) window.__shift += one.value; })
  .observe({type: 'layout-shift', buffered: true});
new PerformanceObserver((list) => { for (const one of list.getEntries()) window.__events.push(one.duration); })
  .observe({type: 'event', durationThreshold: 16, buffered: true});
"""


class Served(NamedTuple):
    """What the server needed for one page: milliseconds, and CPU milliseconds per request."""

    median: float
    p95: float
    cpu: float
    size: int


class Seen(NamedTuple):
    """What Chromium saw: bytes over the wire, sum of layout shifts, the slowest interaction in milliseconds."""

    wire: int
    shift: float
    answer: float


def child(home: Path, module: str, *words: str) -> str:
    """Run a module that uses a home, in a process of its own; its progress goes to the terminal."""
    machine = Machine(home)
    machine.settings["KEEPFOLD_SQLITE_SYNCHRONOUS"] = "NORMAL"
    command = [sys.executable, "-m", module, *words]
    done = subprocess.run(command, env=machine.environment, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


@contextmanager
def running(home: Path) -> Iterator[Machine]:
    """Start the installation as anybody would, and end it."""
    machine = Machine(home)
    process = machine.up()
    try:
        machine.wait_until_ready(60)
        yield machine
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


# --------------------------------------------------------------------------------------------------------------- server


def cpu_seconds(top: int) -> float:
    """Return the CPU time of a process and everything below it, from /proc."""
    parents: dict[int, int] = {}
    used: dict[int, float] = {}
    tick = os.sysconf("SC_CLK_TCK")
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(") ")[2].split()
        except OSError:
            continue
        number = int(path.parent.name)
        parents[number], used[number] = int(fields[1]), (int(fields[11]) + int(fields[12])) / tick
    ours = {top}
    while more := {number for number, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return sum(used[number] for number in ours if number in used)


def time_page(
    machine: Machine, path: str, cookie: str, requests: int, form: dict[str, str] | None = None
) -> Served | None:
    """Ask for one page, or send one form, again and again over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", machine.port, timeout=60)
    headers = {"Cookie": cookie, "Accept": "text/html", "Host": f"localhost:{machine.port}", "Accept-Encoding": "gzip"}
    body = None
    if form is not None:
        connection.request("GET", path, headers=headers | {"Accept-Encoding": "identity"})
        first = connection.getresponse()
        token = TOKEN.search(first.read().decode())
        headers["Cookie"] += "; " + "; ".join(one.partition(";")[0] for one in first.headers.get_all("Set-Cookie", []))
        body = urlencode(form | {"csrfmiddlewaretoken": token[1] if token else ""})
        headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://localhost:{machine.port}"}
    taken: list[float] = []
    size, before = 0, 0.0
    for number in range(requests + 3):
        if number == 3:
            before = cpu_seconds(machine.running[0].pid)
        began = time.perf_counter()
        connection.request("GET" if body is None else "POST", path, body, headers)
        answer = connection.getresponse()
        size = len(answer.read())
        taken.append((time.perf_counter() - began) * 1000)
        if answer.status != 200:
            print(f"    answered {answer.status}, so that there is nothing to measure", file=sys.stderr)
            connection.close()
            return None
    cpu = (cpu_seconds(machine.running[0].pid) - before) / requests * 1000
    connection.close()
    kept = sorted(taken[3:])
    return Served(statistics.median(kept), kept[max(0, -(-len(kept) * 95 // 100) - 1)], cpu, size)


# -------------------------------------------------------------------------------------------------------------- browser


def see_page(browser: Any, address: str, path: str, cookie: str) -> Seen:
    """Open one page for the first time, use what opens and closes on it, and return Chromium's figures."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=address)
    context.add_init_script(WATCH)
    name, _, value = cookie.partition("=")
    if cookie:
        context.add_cookies([{"name": name, "value": value, "url": address}])
    page = context.new_page()
    wire = [0]
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", LINE)
    session.on("Network.loadingFinished", lambda event: wire.__setitem__(0, wire[0] + event["encodedDataLength"]))
    page.goto(address + path, wait_until="networkidle")
    page.wait_for_timeout(200)
    loaded = wire[0]
    shift = float(page.evaluate("window.__shift"))
    session.send(
        "Network.emulateNetworkConditions", LINE | {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    )
    answer = use_page(page)
    context.close()
    return Seen(int(loaded), shift, answer)


def use_page(page: Any) -> float:
    """Press what opens and closes on a page; return the longest time until something was painted."""
    slowest = 0.0
    controls = page.locator("main [popovertarget]:visible, main summary:visible, header [popovertarget]:visible")
    for number in range(min(controls.count(), 6)):
        page.evaluate("window.__events.length = 0")
        control = controls.nth(number)
        if not control.is_visible():
            continue
        control.click(timeout=3000)
        page.wait_for_timeout(120)
        page.keyboard.press("Escape")
        page.wait_for_timeout(80)
        slowest = max([slowest, *page.evaluate("window.__events")])
    return slowest


# ----------------------------------------------------------------------------------------------------------------- main


def measure(home: Path, parts: dict[str, Any], requests: int, only: str) -> dict[str, tuple[Served, Seen | None]]:
    """Measure every page that the owner may see."""
    made = json.loads(child(home, "tests.journeys.mint").splitlines()[-1])
    cookie = f"{made['cookie']}={made['sessions'][OWNER]}"
    found: dict[str, tuple[Served, Seen | None]] = {}
    with running(home) as machine, chromium() as browser:
        for path in of(OWNER, {"parts": parts}):
            if only not in path:
                continue
            print(f"  {path}", file=sys.stderr, flush=True)
            shown = "" if path in FOR_STRANGERS else cookie
            served = time_page(machine, path, shown, requests)
            if served is not None:
                seen = see_page(browser, f"http://localhost:{machine.port}", path, shown) if browser else None
                found[path] = (served, seen)
        for name, path, form in uses(parts):
            if only not in path:
                continue
            print(f"  {name}", file=sys.stderr, flush=True)
            if served := time_page(machine, path, cookie, requests, form):
                found[name] = (served, None)
    return found


def uses(parts: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, str] | None]]:
    """Yield name, address and form of what people do on these pages: what they look up, and whom they open."""
    half = tables.cursor(int(parts["index"]))
    for view in VIEWS:
        path = view.format(half=half, **parts)
        yield path, path, None
    first = fit.values(next(iter(generator.customers(locales(), 1, seed=1, today=date(2026, 1, 1)))))
    search = {"purpose": "support", "field": "email", "value": first["email"], "case": "FW-20418"}
    yield "POST /customers: search by e-mail", "/customers", search
    yield "POST /go: the palette", "/go", {"words": "led"}
    person = f"/customers/{parts['customer']}"
    opening = {"purpose": "support", "fields-support": "email", "case": "FW-20418", "minutes": "5"}
    yield "POST …/open: reveal for a purpose", f"{person}/open", opening


@contextmanager
def chromium() -> Iterator[Any]:
    """Yield Debian's Chromium, or None where there is none."""
    if shutil.which(CHROMIUM) is None:
        print("Chromium is absent, so that only the server is measured: apt-get install chromium", file=sys.stderr)
        yield None
        return
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  only where there is a browser

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def tell(found: dict[str, tuple[Served, Seen | None]]) -> bool:
    """Print one line for each page, write the figures down, and say whether every budget was kept."""
    bench, good = Bench("pages"), True
    heading = f"{'page':<38} {'p50 ms':>7} {'p95 ms':>7} {'CPU ms':>7} {'kB':>6} {'shift':>6} {'answer ms':>9}"
    print(f"\n{heading}\n{'─' * len(heading)}")
    for path, (served, seen) in found.items():
        bench.row(f"{path}: server p95", served.p95, "ms", f"<= {MOST_MS}")
        bench.row(f"{path}: server p50", served.median, "ms")
        bench.row(f"{path}: server CPU", served.cpu, "ms")
        missed = served.p95 > MOST_MS
        line = f"{shown(path):<38} {served.median:7.1f} {served.p95:7.1f} {served.cpu:7.1f}"
        if seen is not None:
            bench.row(f"{path}: first view", seen.wire / 1000, "kB", f"<= {MOST_KB}")
            bench.row(f"{path}: layout shift", seen.shift, "", f"<= {MOST_SHIFT}")
            bench.row(f"{path}: interaction", seen.answer, "ms", f"<= {MOST_ANSWER_MS}")
            missed |= seen.wire / 1000 > MOST_KB or seen.shift > MOST_SHIFT or seen.answer > MOST_ANSWER_MS
            line += f" {seen.wire / 1000:6.1f} {seen.shift:6.3f} {seen.answer:9.0f}"
        print(line + ("  MISSED" if missed else ""))
        good &= not missed
    print(
        f"\nBudgets: p95 ≤ {MOST_MS} ms, first view ≤ {MOST_KB} kB, no layout shift, interaction ≤ {MOST_ANSWER_MS} ms."
    )
    bench.write()
    return good


def shown(path: str) -> str:
    """Return an address short enough for the table."""
    return path if len(path) <= 38 else path[:18] + "…" + path[-19:]


def main() -> int:
    """Build what is missing, measure, compare."""
    words = argparse.ArgumentParser(prog="bench_pages")
    words.add_argument("--small", action="store_true", help="5,000 customers and 20,000 entries")
    words.add_argument("--requests", type=int, default=60)
    words.add_argument("--only", default="", help="pages whose address holds this")
    given = words.parse_args()
    customers, entries = SMALL if given.small else (CUSTOMERS, ENTRIES)
    home = ROOT / "var" / ("bench-pages-small" if given.small else "bench-pages") / "home"
    print(
        f"A store of {customers:,} customers and {entries:,} ledger entries in {home.relative_to(ROOT)}",
        file=sys.stderr,
    )
    parts = json.loads(child(home, "bench.pages_store", str(customers), str(entries)).splitlines()[-1])
    return 0 if tell(measure(home, parts, given.requests, given.only)) else 1


if __name__ == "__main__":
    sys.exit(main())
