"""Forms of signing in."""

from __future__ import annotations

from typing import Any

from django import forms as dj
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from keepfold.people.models import Staff
from keepfold.people.signin import passwords, rules
from keepfold.ui import forms

# A few more than can be right, so that the limit itself is explained and not cut off.
_TYPED = 4 * rules.LONGEST


class PasswordForm(forms.Form):
    """E-mail address and password."""

    email = dj.CharField(
        label=_("E-mail address"),
        max_length=254,
        widget=dj.EmailInput(
            attrs={"autocomplete": "username", "inputmode": "email", "spellcheck": "false", "autocapitalize": "none"}
        ),
    )
    password = dj.CharField(
        label=_("Password"),
        strip=False,
        max_length=_TYPED,
        widget=dj.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class AgainForm(forms.Form):
    """The password alone: who it is, is known."""

    password = dj.CharField(
        label=_("Password"),
        strip=False,
        max_length=_TYPED,
        widget=dj.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class CodeForm(forms.Form):
    """A code of an app, or a recovery code."""

    code = dj.CharField(
        label=_("Code"),
        help_text=_("Six digits from your app, or one of your recovery codes."),
        max_length=40,
        widget=dj.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}),
    )


class AppForm(forms.Form):
    """The first code of an app that is being set up."""

    code = dj.CharField(
        label=_("Code from the app"),
        max_length=12,
        widget=dj.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


class AddressForm(forms.Form):
    """The address of an account whose password is forgotten."""

    email = dj.CharField(
        label=_("E-mail address"),
        max_length=254,
        widget=dj.EmailInput(attrs={"autocomplete": "username", "inputmode": "email", "spellcheck": "false"}),
    )


class MailedCodeForm(forms.Form):
    """A code that was sent by mail."""

    code = dj.CharField(
        label=_("Code from the mail"),
        max_length=20,
        widget=dj.TextInput(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )


class NewPasswordForm(forms.Form):
    """A new password, once: it can be looked at instead of being typed twice."""

    password = dj.CharField(
        label=_("New password"),
        strip=False,
        max_length=_TYPED,
        widget=dj.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, member: Staff | None, has_factor: bool, **kwargs: Any) -> None:
        """Take whose it will be, and whether more than it is asked for."""
        super().__init__(*args, **kwargs)
        self._member, self._has_factor = member, has_factor
        self.least = rules.least_length(has_factor=has_factor)

    def clean_password(self) -> str:
        """Return a password that is taken."""
        password: str = self.cleaned_data["password"]
        refusal = passwords.problem(password, self._member, has_factor=self._has_factor)
        if refusal is not None:
            raise ValidationError(str(refusal.text), code=refusal.reason)
        return password


class NameForm(forms.Form):
    """The name of a passkey."""

    name = dj.CharField(
        label=_("Name"),
        help_text=_("So that you recognise it later, such as “Laptop” or “Blue key”."),
        max_length=80,
        widget=dj.TextInput(attrs={"autocomplete": "off"}),
    )


class PasskeyForm(NameForm):
    """A passkey to be made: its name, and what it is for."""

    alone = dj.ChoiceField(
        label=_("What it is for"),
        widget=dj.RadioSelect,
        initial="yes",
        choices=(
            ("yes", forms.Choice(_("Signs me in by itself"), note=_("Asks for fingerprint, face or PIN instead."))),
            ("no", forms.Choice(_("Only after my password"), note=_("As a second step, such as a security key."))),
        ),
    )
    credential = dj.CharField(widget=dj.HiddenInput, required=False, max_length=12_000)


# Stands for no choice; kept as an empty one.
AUTO = "auto"


class AppearanceForm(forms.Form):
    """How the console looks to one person."""

    theme = dj.ChoiceField(
        label=_("Colours"),
        widget=dj.RadioSelect,
        choices=((AUTO, _("As the system says")), ("light", _("Day")), ("dark", _("Night"))),
    )
    density = dj.ChoiceField(
        label=_("Tables"),
        widget=dj.RadioSelect,
        choices=((AUTO, _("Comfortable")), ("compact", _("Compact"))),
    )
    language = dj.ChoiceField(label=_("Language"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the languages that there are, each by its own name."""
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = [(AUTO, _("As the browser says")), *settings.LANGUAGES]  # type: ignore[attr-defined]

    def chosen(self) -> dict[str, str]:
        """Return what is kept of each choice."""
        return {name: "" if value == AUTO else value for name, value in self.cleaned_data.items()}
