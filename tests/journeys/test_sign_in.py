"""Signing in as people do: with a password, a code, a passkey, a link; with and without JavaScript; by keyboard."""

from __future__ import annotations

import base64
import email
import email.policy
import hmac
import re
import struct
import time

import pytest

from tests.journeys import looking
from tests.journeys.conftest import OUTSIDER, Shop, start
from tests.journeys.world import PASSWORD as DOCUMENTED

PASSWORD = "seven lanterns under a gravel roof"
assert DOCUMENTED != PASSWORD


@pytest.fixture(scope="module")
def shop(prepared, tmp_path_factory):
    """A server of this file's own: its tests change who can sign in, each for a member of its own."""
    found = start(prepared, tmp_path_factory.mktemp("sign-in") / "home")
    yield found
    found.stop()


def link_for(shop: Shop, who: str, *more: str) -> str:
    done = shop.keepfold("staff", "link", f"{who}@shop.example", *more)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().removeprefix(shop.address)


def code_of(secret: str, steps: int = 0) -> str:
    """Return the code of an app (RFC 6238), worked out here and not by the server's library."""
    key = base64.b32decode(secret.replace(" ", ""))
    digest = hmac.digest(key, struct.pack(">Q", int(time.time()) // 30 + steps), "sha1")
    offset = digest[-1] & 15
    return f"{(int.from_bytes(digest[offset : offset + 4]) & 0x7FFFFFFF) % 10**6:06}"


def authenticator(visitor, **changes) -> tuple[object, str]:
    """Put a device that knows passkeys into a browser."""
    session = visitor.context.new_cdp_session(visitor.page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
        **changes,
    }
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session, made["authenticatorId"]


def set_password(shop, visitor, who, password=PASSWORD):
    page = visitor.go(link_for(shop, who))
    page.get_by_label("New password").fill(password)
    page.get_by_role("button", name="Set the password and sign in").click()
    page.get_by_role("heading", level=1).wait_for()
    assert visitor.path == "/"


def type_password(visitor, who, password=PASSWORD):
    page = visitor.go("/sign-in")
    page.get_by_label("E-mail address").fill(f"{who}@shop.example")
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Continue").click()


def sign_out(visitor):
    page = visitor.go("/account")
    page.locator("main").get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="Sign in").wait_for()


def mails(shop):
    files = sorted((shop.home / "mail").glob("*.eml"))
    return [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]


def wait_for_mail(shop, who, subject, seconds=10):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = [mail for mail in mails(shop) if (mail["To"], mail["Subject"]) == (f"{who}@shop.example", subject)]
        if found:
            return found[-1]
        time.sleep(0.2)
    raise AssertionError([str(mail["Subject"]) for mail in mails(shop)])


# First, with sessions that the tests below end.
@pytest.mark.parametrize("language", ["en", "de"])
def test_pages_of_the_account_look_right(shop, visit, artefacts, language):
    visitor = visit(shop, "olga", language=language)
    wrong = []
    for name in ("", "/secure", "/app", "/passkeys/new", "/password", "/codes", "/not-me"):
        page = visitor.go(f"/account{name}")
        assert visitor.path == f"/account{name}"
        wrong += looking.violations(page)
        wrong += looking.at_every_size(page, artefacts, looking.name_of(visitor.path), language)
    assert wrong == []


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_link_a_password_an_app_and_a_recovery_code(shop, visit, artefacts, javascript):
    who = "nora" if javascript else "sam"
    visitor = visit(shop, OUTSIDER, javascript=javascript)
    set_password(shop, visitor, who)

    page = visitor.go("/account/app")
    secret = page.locator("#secret").inner_text()
    page.screenshot(path=artefacts / f"app-{javascript}.png", full_page=True)
    page.get_by_label("Code from the app").fill(code_of(secret))
    page.get_by_role("button", name="Set up the app").click()
    page.get_by_role("heading", name="Your recovery codes").wait_for()
    codes = page.locator("#codes li").all_inner_texts()
    assert len(codes) == 10
    page.get_by_role("link", name="I have kept them").click()
    assert "10 recovery codes are left" in page.locator("main").inner_text()
    page.screenshot(path=artefacts / f"account-{javascript}.png", full_page=True)
    assert not any(code in page.content() for code in codes)

    sign_out(visitor)
    type_password(visitor, who)
    page.get_by_role("heading", name="One more step").wait_for()
    page.screenshot(path=artefacts / f"second-{javascript}.png", full_page=True)
    page.get_by_label("Code", exact=True).fill("000000")
    page.get_by_role("button", name="Sign in").click()
    problem = page.get_by_role("alert").first
    assert "not right" in problem.inner_text()
    page.get_by_label("Code", exact=True).fill(codes[0])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(shop.address + "/")

    page = visitor.go("/account")
    assert "9 recovery codes are left" in page.locator("main").inner_text()
    assert visitor.go("/account").locator("main").get_by_text("This browser").count() == 1


def test_a_passkey_is_made_used_as_the_only_step_renamed_and_removed(shop, visit, artefacts):
    visitor = visit(shop, OUTSIDER)
    authenticator(visitor)
    page = visitor.go(link_for(shop, "dora"))
    page.screenshot(path=artefacts / "welcome.png", full_page=True)
    page.get_by_role("button", name="Make a passkey and sign in").click()
    page.wait_for_url(shop.address + "/")
    sign_out(visitor)

    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(shop.address + "/")
    page = visitor.go("/account")
    assert "A passkey signs you in" in page.locator("main").inner_text()
    page.screenshot(path=artefacts / "account-passkey.png", full_page=True)

    page.locator("#ways").get_by_role("link", name="Change").last.click()
    page.get_by_label("Name").fill("Desk")
    page.get_by_role("button", name="Rename").click()
    page.wait_for_url(shop.address + "/account")
    assert "Desk" in page.locator("#ways").inner_text()
    page.locator("#ways").get_by_role("link", name="Change").last.click()
    page.get_by_role("button", name="Remove this passkey").click()
    page.wait_for_url(shop.address + "/account")
    assert "Desk" not in page.locator("#ways").inner_text()
    sign_out(visitor)
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_text("does not sign in by itself here").wait_for()
    assert visitor.path == "/sign-in/passkey"


def test_a_key_for_the_second_step_is_asked_for_after_the_password_only(shop, visit, artefacts):
    visitor = visit(shop, OUTSIDER)
    authenticator(visitor, transport="usb", hasResidentKey=False)
    set_password(shop, visitor, "dev")
    page = visitor.go("/account/passkeys/new")
    page.screenshot(path=artefacts / "passkey-new.png", full_page=True)
    page.get_by_label("Name").fill("Blue key")
    page.get_by_label("Only after my password").check()
    page.get_by_role("button", name="Make the passkey").click()
    page.get_by_role("heading", name="Your recovery codes").wait_for()
    page.screenshot(path=artefacts / "codes.png", full_page=True)
    sign_out(visitor)
    type_password(visitor, "dev")
    page.get_by_role("heading", name="One more step").wait_for()
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(shop.address + "/")


def test_a_passkey_that_was_refused_on_the_device_is_explained(shop, visit):
    visitor = visit(shop, OUTSIDER)
    session, device = authenticator(visitor)
    session.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    page = visitor.go("/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_text("No passkey was used").wait_for()
    assert page.get_by_role("button", name="Sign in with a passkey").is_enabled()


def test_what_matters_asks_again_who_one_is_and_leads_back(shop, visit, artefacts):
    visitor = visit(shop, OUTSIDER)
    set_password(shop, visitor, "ben")
    visitor.context.clear_cookies()
    type_password(visitor, "ben")
    page = visitor.go("/sign-in/again?next=/account/password")
    page.screenshot(path=artefacts / "again.png", full_page=True)
    page.get_by_label("Password", exact=True).fill("wrong")
    page.get_by_role("button", name="Confirm with the password").click()
    assert "not your password" in page.get_by_role("alert").first.inner_text()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Confirm with the password").click()
    page.wait_for_url(shop.address + "/account/password")


def test_a_session_elsewhere_is_seen_and_ended(shop, visit, artefacts):
    laptop, phone = visit(shop, OUTSIDER), visit(shop, OUTSIDER, user_agent=IPHONE)
    set_password(shop, laptop, "ana")
    type_password(phone, "ana")
    phone.page.wait_for_url(shop.address + "/")
    mail = wait_for_mail(shop, "ana", "Somebody signed in as you in a new browser")
    assert "Safari on iPhone" in mail.get_content()
    assert "/sign-in" not in mail.get_content()

    page = laptop.go("/account")
    assert "Safari on iPhone" in page.locator("#sessions").inner_text()
    page.screenshot(path=artefacts / "sessions.png", full_page=True)
    page.get_by_role("button", name="End Safari on iPhone").click()
    page.get_by_text("1 session was ended").wait_for()
    assert "iPhone" not in page.locator("#sessions").inner_text()
    phone.go("/account")
    assert phone.path.startswith("/sign-in?next=%2Faccount")


def test_a_forgotten_password_is_replaced_by_a_code_from_the_mail(shop, visit, artefacts):
    visitor = visit(shop, OUTSIDER)
    page = visitor.go("/sign-in")
    page.get_by_role("link", name="Forgotten?").click()
    page.get_by_label("E-mail address").fill("olga@shop.example")
    page.get_by_role("button", name="Send the code").click()
    page.get_by_role("heading", name="Look into your mail").wait_for()
    page.screenshot(path=artefacts / "mailed-code.png", full_page=True)
    mail = wait_for_mail(shop, "olga", "Your code to set a new password")
    code = re.search(r"^ {4}([A-Z]{4}-[A-Z]{4})$", mail.get_content(), re.MULTILINE)[1]
    page.get_by_label("Code from the mail").fill(code.replace("-", " ").lower())
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("New password").fill("too short")
    page.get_by_role("button", name="Set the password and sign in").click()
    assert "at least 15 characters" in page.get_by_role("alert").first.inner_text()
    page.get_by_label("New password").fill("nine brass herons over a harbour")
    page.get_by_role("button", name="Set the password and sign in").click()
    page.wait_for_url(shop.address + "/")


def test_the_strength_is_told_in_words_while_typing_and_nothing_is_sent(shop, visit):
    visitor = visit(shop, OUTSIDER)
    page = visitor.go(link_for(shop, "mallory"))
    sent = []
    page.on("request", lambda request: sent.append(request.url))
    field = page.get_by_label("New password")
    for typed, word in (
        ("abc", "Still 12 characters short"),
        ("aaaaaaaaaaaaaaaaaa", "Weak"),
        ("seven lanterns under", "Good"),
        ("seven lanterns under a gravel roof", "Strong"),
    ):
        field.fill(typed)
        page.get_by_role("status").filter(has_text=word).wait_for()
    page.get_by_role("button", name="Show the password").click()
    assert field.get_attribute("type") == "text"
    page.get_by_role("button", name="Hide the password").click()
    assert field.get_attribute("type") == "password"
    assert [url for url in sent if "/static/" not in url] == []


def test_signing_in_needs_no_mouse(shop, visit):
    visitor = visit(shop, OUTSIDER)
    set_password(shop, visitor, "mallory")
    sign_out(visitor)
    page = visitor.go("/sign-in")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    seen = []
    for _ in range(12):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "[document.activeElement.id, document.activeElement.name, getComputedStyle(document.activeElement).outlineStyle]"
        )
        assert focused[2] != "none", focused
        seen.append(focused[1])
        if focused[1] == "email":
            page.keyboard.type("mallory@shop.example")
        if focused[1] == "password":
            page.keyboard.type(PASSWORD)
            page.keyboard.press("Enter")
            break
    page.wait_for_url(shop.address + "/")


@pytest.mark.parametrize("language", ["en", "de"])
def test_pages_of_the_door_look_right(shop, visit, artefacts, language):
    visitor = visit(shop, OUTSIDER, language=language)
    wrong = []
    for name, path in (("sign-in", "/sign-in?away=1"), ("forgotten", "/sign-in/forgotten"), ("welcome", "")):
        page = visitor.go(path or link_for(shop, "nora"))
        wrong += looking.violations(page)
        wrong += looking.at_every_size(page, artefacts, name, language)
    assert wrong == []


IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0"
    " Mobile/15E148 Safari/604.1"
)
