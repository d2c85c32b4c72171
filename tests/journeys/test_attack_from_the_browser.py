"""Mallory frames our pages, plants a session, presses Back after somebody left, and holds up the server."""

from __future__ import annotations

import contextlib
import http.server
import re
import socket
import threading
import time

import pytest
from playwright.sync_api import Error

from tests.journeys import pages
from tests.journeys.conftest import OUTSIDER
from tests.journeys.world import CARL, PASSWORD

FRAME = """<!doctype html><title>hers</title><iframe id="f" width="900" height="700" src="{}"></iframe>
<form id="g" method="post" action="{}"><input name="purpose" value="support"></form>"""


@pytest.fixture
def hers():
    """Return the address of a page on Mallory's server, whose content each test sets."""

    class Page(http.server.BaseHTTPRequestHandler):
        content = ""

        def do_GET(self):
            body = Page.content.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with contextlib.suppress(ConnectionError):  # a page that was left meanwhile
                self.wfile.write(body)

        def log_message(self, *_words):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Page.address = f"http://127.0.0.1:{server.server_address[1]}/"
    yield Page
    server.shutdown()
    server.server_close()


# What Chromium says of her pages, and of connections to her server that it gave up when the next page was asked for.
HER_ADDRESS = (
    r"http://127\.0\.0\.1:\d+|chrome-error|Refused to (frame|display)|frame-ancestors|ERR_BLOCKED|X-Frame"
    r"|ERR_(CONNECTION_(RESET|CLOSED)|SOCKET_NOT_CONNECTED|EMPTY_RESPONSE)"
)


@pytest.mark.parametrize("who", ["ana", OUTSIDER])
def test_no_page_shows_in_a_frame_of_another_site(shop, visit, hers, who):
    visitor = visit(shop, who, allowed=(HER_ADDRESS,))
    for path in pages.of(who, shop.facts):
        hers.content = FRAME.format(shop.address + path, "")
        visitor.page.goto(hers.address)
        frame = visitor.page.frames[-1]
        with contextlib.suppress(Error):
            frame.wait_for_load_state(timeout=3000)
        shown = frame.locator("main, h1").count() if frame.url.startswith(shop.address) else 0
        assert shown == 0, path


def test_a_form_of_another_site_does_nothing_with_somebodys_session(shop, visit, hers):
    """The session's cookie stays at home, and the form lacks its token: either would do."""
    visitor = visit(shop, "ana", allowed=(HER_ADDRESS,))
    hers.content = FRAME.format("about:blank", f"{shop.address}/customers/{shop.carl}/erase")
    visitor.page.goto(hers.address)
    visitor.page.evaluate("document.getElementById('g').submit()")
    visitor.page.wait_for_url(re.compile(r"^http://localhost"))
    assert "Carl" not in visitor.page.content()
    assert visit(shop, "ana").go(f"/customers/{shop.carl}").locator("h1").count() == 1


def sign_up(visitor, shop):
    """Let Nora set a password by her link, which signs her in; return the page after it."""
    page = visitor.go(f"/welcome/{shop.facts['parts']['token']}")
    fields = page.locator("input[type=password]")
    for number in range(fields.count()):
        fields.nth(number).fill(PASSWORD)
    page.locator("main form button").last.click()
    page.wait_for_url(lambda url: "/welcome/" not in url)
    return page


def test_a_session_that_somebody_planted_is_not_the_one_that_signing_in_makes(own_shop, visit):
    visitor = visit(own_shop, OUTSIDER)
    planted = "plantedplantedplantedplantedplante"
    visitor.context.add_cookies([{"name": "sessionid", "value": planted, "url": own_shop.address}])
    sign_up(visitor, own_shop)
    cookie = next(one for one in visitor.context.cookies() if one["name"] == "sessionid")
    assert cookie["value"] != planted
    assert cookie["httpOnly"]
    assert cookie["sameSite"] in {"Lax", "Strict"}
    mallory = visit(own_shop, OUTSIDER)
    mallory.context.add_cookies([{"name": "sessionid", "value": planted, "url": own_shop.address}])
    mallory.go("/")
    assert mallory.path.startswith("/sign-in")


def test_signing_out_ends_the_session_for_every_copy_of_its_cookie(own_shop, visit):
    visitor = visit(own_shop, "ana")
    visitor.go("/")
    copy = own_shop.sessions["ana"]
    sign_out(visitor)
    thief = visit(own_shop, OUTSIDER)
    thief.context.add_cookies([{"name": "sessionid", "value": copy, "url": own_shop.address}])
    thief.go("/")
    assert thief.path.startswith("/sign-in")


def sign_out(visitor):
    form = visitor.page.locator("form[action='/sign-out']").first
    form.evaluate("form => form.requestSubmit ? form.requestSubmit() : form.submit()")
    visitor.page.wait_for_url(re.compile("/sign-in"))


def test_back_after_signing_out_shows_nothing_of_before(own_shop, visit):
    visitor = visit(own_shop, "ben", allowed=("ERR_CACHE_MISS",))
    page = visitor.go("/customers")
    page.get_by_label("Answer your questions").check()
    page.get_by_role("button", name="Go on to the search").click()
    page.get_by_label("Search by").select_option(label="E-mail address")
    page.get_by_label("What they told you, whole").fill(CARL["email"])
    page.get_by_role("button", name="Find", exact=True).click()
    page.get_by_role("heading", name="1 customer found").wait_for()
    visitor.go(f"/customers/{own_shop.carl}")
    sign_out(visitor)
    for _ in range(4):
        with contextlib.suppress(Error):
            page.go_back(timeout=3000)
        page.wait_for_timeout(150)
        assert "Lindqvist" not in page.content()
        assert page.locator("main.page table").count() == 0, page.url


def test_whoever_sends_a_form_slowly_holds_up_nobody_else(own_shop, visit):
    slow = []
    for path in ("/sign-in",) * 6:
        connection = socket.create_connection(("127.0.0.1", own_shop.port), timeout=10)
        head = f"POST {path} HTTP/1.1\r\nHost: localhost:{own_shop.port}\r\nContent-Length: 1000\r\n"
        connection.sendall((head + "Content-Type: application/x-www-form-urlencoded\r\n\r\nemail=a").encode())
        slow.append(connection)
    time.sleep(0.5)
    began = time.monotonic()
    visit(own_shop, "ana").go("/status")
    assert visit(own_shop, OUTSIDER).go("/sign-in").locator("h1").count() == 1
    took = time.monotonic() - began
    for connection in slow:
        connection.close()
    assert took < 5
