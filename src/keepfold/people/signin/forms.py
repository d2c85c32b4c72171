"""Forms of signing in."""

from __future__ import annotations

from django import forms as dj
from django.utils.translation import gettext_lazy as _

from keepfold.people.hashers import LONGEST
from keepfold.ui import forms

_MORE_THAN_LONGEST = 4 * LONGEST


class PasswordForm(forms.Form):
    """E-mail address and password."""

    email = dj.CharField(
        label=_("E-mail address"),
        max_length=254,
        widget=dj.EmailInput(attrs={"autocomplete": "username", "inputmode": "email", "spellcheck": "false"}),
    )
    password = dj.CharField(
        label=_("Password"),
        strip=False,
        max_length=_MORE_THAN_LONGEST,
        widget=dj.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class NewPasswordForm(forms.Form):
    """A new password, once: it can be looked at instead of being typed twice."""

    password = dj.CharField(
        label=_("New password"),
        strip=False,
        max_length=_MORE_THAN_LONGEST,
        widget=dj.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
