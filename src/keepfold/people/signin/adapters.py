"""What allauth asks this installation: its hooks, answered in our own way."""
# ruff: noqa: ARG002  the signatures are allauth's

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.contrib.auth import login as django_login
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from keepfold.kernel import config
from keepfold.people import rules
from keepfold.people.models import Staff

BACKEND = "keepfold.people.signin.backend.StaffBackend"
STAGES = ["allauth.mfa.stages.AuthenticateStage"]


class AccountAdapter(DefaultAccountAdapter):
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
        """Begin the session, under a new key."""
        django_login(request, user, backend=BACKEND)

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Say nothing: pages say it themselves."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send nothing: our own mails are sent where the change is made."""

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Send nothing, as above."""

    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **hooks: Any) -> HttpResponse:
        """Lead on to where somebody wanted to go."""
        wanted = hooks.get("redirect_url") or ""
        return HttpResponseRedirect(wanted if rules.is_own_path(wanted) else "/")


class MfaAdapter(DefaultMFAAdapter):
    """Second factors and passkeys."""

    def get_totp_issuer(self) -> str:
        """Return the name under which authenticator apps list this installation."""
        return f"Keepfold {config.current().public_host}"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Return the name to which passkeys belong: the configured one, never what a request says (allauth #4058)."""
        return {"id": config.current().public_host, "name": "Keepfold"}

    def get_public_key_credential_user_entity(self, user: AbstractBaseUser) -> dict[str, Any]:
        """Return what a device keeps with a passkey."""
        assert isinstance(user, Staff)  # noqa: S101  the only user model
        return {"id": user.id.hex.encode(), "display_name": user.name, "name": user.email}
