"""What allauth asks this installation: its hooks, answered in our own way."""
# ruff: noqa: ARG002  the signatures are allauth's

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any, cast

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.contrib.auth import login as django_login
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from keepfold.kernel import config
from keepfold.people import rules, sealing
from keepfold.people.models import Staff
from keepfold.people.signin import arrival, devices, factors

BACKEND = "keepfold.people.signin.backend.StaffBackend"
STAGES = ["allauth.mfa.stages.AuthenticateStage"]


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Signing in, leading on, and nothing by mail: mails and records are made where the change is made."""

    def get_login_stages(self) -> list[str]:
        """Return what comes between the password and being signed in."""
        return STAGES

    def is_safe_url(self, url: str | None) -> bool:
        """Say whether we may lead somebody there: to our own paths only."""
        return rules.is_own_path(url or "")

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody makes an account: somebody who may invites them."""
        return False

    def is_ajax(self, request: HttpRequest) -> bool:
        """Return False: there are pages only."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address that the request came from."""
        return request.META.get("REMOTE_ADDR") or "unknown"

    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        """Write it down, then begin the session, under a new key."""
        member = cast("Staff", user)
        arrival.write_down(request, member)
        django_login(request, member, backend=BACKEND)

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Say nothing: pages say it themselves."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send nothing: our own mails are sent where the change is made."""

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Send nothing, as above."""

    def pre_login(self, request: HttpRequest, user: AbstractBaseUser, **hooks: Any) -> HttpResponse | None:
        """Turn nobody away here: who may not sign in was not found before."""
        return None

    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **hooks: Any) -> HttpResponse:
        """Lead on to where somebody wanted to go, and know this browser from now on."""
        wanted = hooks.get("redirect_url") or ""
        response = HttpResponseRedirect(wanted if rules.is_own_path(wanted) else "/")
        devices.remember(request, response, cast("Staff", user))
        return response


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # as above
    """Second factors and passkeys."""

    def encrypt(self, text: str) -> str:
        """Return a secret as it is stored: the secret of an app, the seed of recovery codes."""
        return b64encode(sealing.seal("factor", text.encode(), b"")).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return the secret. Raises `Unopened` when it was altered."""
        return sealing.unseal("factor", b64decode(encrypted_text), b"").decode()

    def is_mfa_enabled(self, user: AbstractBaseUser, types: Any = None) -> bool:
        """Say whether somebody is asked for more than a password, as their own, marked row says."""
        return factors.has_second(cast("Staff", user))

    def get_totp_issuer(self) -> str:
        """Return the name under which authenticator apps list this installation."""
        return f"Keepfold {config.current().public_host}"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Return the name to which passkeys belong: the configured one, never what a request says (allauth #4058)."""
        return {"id": config.current().public_host, "name": "Keepfold"}

    def get_public_key_credential_user_entity(self, user: AbstractBaseUser) -> dict[str, Any]:
        """Return what a device keeps with a passkey."""
        member = cast("Staff", user)
        return {"id": member.id.hex.encode(), "display_name": member.name, "name": member.email}
