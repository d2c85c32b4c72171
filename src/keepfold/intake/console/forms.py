"""What people fill in on the pages about imports."""

from __future__ import annotations

import sqlalchemy as sa
from django import forms as dj
from django.utils.translation import gettext_lazy as _

from keepfold.intake.types import Origin
from keepfold.kernel import config
from keepfold.kernel.errors import KeepfoldError
from keepfold.ui import forms

PORTS = {"postgresql": 5432, "mysql": 3306}
ENCODINGS = (
    ("", _("As the file says")),
    ("utf-8", "UTF-8"),
    ("utf-16", "UTF-16"),
    ("cp1252", _("Windows-1252 (Western Europe)")),
    ("cp1250", _("Windows-1250 (Central Europe)")),
    ("latin-1", _("Latin-1 (ISO 8859-1)")),
)
DELIMITERS = (
    ("", _("As the file says")),
    (",", _("Comma")),
    (";", _("Semicolon")),
    ("\t", _("Tab")),
    ("|", _("Vertical bar")),
)


class UploadForm(forms.Form):
    """A file. The options are for text files whose reading needs help."""

    file = dj.FileField(label=_("File"), help_text=_("CSV, TSV, JSON Lines, Parquet or SQLite."))
    encoding = dj.ChoiceField(label=_("Encoding"), choices=ENCODINGS, required=False)
    delimiter = dj.ChoiceField(label=_("Columns are divided by"), choices=DELIMITERS, required=False)
    headless = dj.BooleanField(label=_("The first row is data, not names of columns"), required=False)

    def origin(self, name: str) -> Origin:
        """Return where the rows come from."""
        given = self.cleaned_data
        return Origin(
            name=name,
            encoding=given.get("encoding") or "",
            delimiter=given.get("delimiter") or "",
            header=not given.get("headless"),
        )


class DatabaseForm(forms.Form):
    """A database on a server. The password is never shown again."""

    kind = dj.ChoiceField(
        label=_("Kind of database"),
        choices=(("postgresql", "PostgreSQL"), ("mysql", _("MySQL or MariaDB"))),
        widget=dj.RadioSelect,
        initial="postgresql",
    )
    host = dj.CharField(
        label=_("Server"), help_text=_("Its name or address, for example db.example.org."), max_length=253
    )
    port = dj.IntegerField(
        label=_("Port"), required=False, min_value=1, max_value=65535, help_text=_("Empty: the usual one.")
    )
    database = dj.CharField(label=_("Database"), max_length=128)
    user = dj.CharField(label=_("User"), max_length=128, help_text=_("One that can only read."))
    password = dj.CharField(
        label=_("Password"),
        required=False,
        max_length=512,
        strip=False,
        widget=dj.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("Used for this import only, then forgotten."),
    )
    table = dj.CharField(
        label=_("Table or view"),
        required=False,
        max_length=200,
        help_text=_("Empty: choose from a list in the next step."),
    )

    def clean_host(self) -> str:
        """Ask the guard about the server, so that a refusal stands beside the field."""
        from keepfold.intake import queries  # noqa: PLC0415  forms are loaded before the rooms are wired

        host = str(self.cleaned_data["host"])
        try:
            queries.check_host(host)
        except KeepfoldError as error:
            from keepfold.intake.console import words  # noqa: PLC0415  as above

            told = [words.trouble(error.code, error.detail), words.next_step(error.code, error.next_step or "")]
            raise dj.ValidationError(" ".join(filter(None, told))) from None
        return host

    def origin(self) -> Origin:
        """Return where the rows come from, with the password."""
        given = self.cleaned_data
        url = sa.URL.create(
            given["kind"],
            username=given["user"],
            password=given["password"] or None,
            host=given["host"].strip(),
            port=given["port"] or PORTS[given["kind"]],
            database=given["database"],
        )
        return Origin(url=url.render_as_string(hide_password=False), table=given["table"])

    @property
    def label(self) -> str:
        """Return what to call this import."""
        given = self.cleaned_data
        return f"{given['database']} ({given['host'].strip()})"


class PathForm(forms.Form):
    """A SQLite file on the server, where the settings allow it."""

    path = dj.CharField(label=_("Path on the server"), max_length=1000)
    table = dj.CharField(label=_("Table or view"), required=False, max_length=200)

    def origin(self) -> Origin:
        """Return where the rows come from."""
        return Origin(path=self.cleaned_data["path"].strip(), table=self.cleaned_data["table"])

    @staticmethod
    def is_offered() -> bool:
        """Say whether the settings allow any folder."""
        return bool(config.current().import_folders)


class OptionsForm(forms.Form):
    """What to do with people who are there, and with rows that are partly wrong."""

    existing = dj.ChoiceField(
        label=_("Who is in the vault already"),
        choices=(
            ("skip", forms.Choice(_("Skip"), note=_("Nothing about them changes."))),
            ("update", forms.Choice(_("Update"), note=_("Mapped data items take the values of the file."))),
            ("reject", forms.Choice(_("Refuse"), note=_("Their rows are listed with the refused ones."))),
        ),
        widget=dj.RadioSelect,
        initial="skip",
    )
    partial = dj.BooleanField(
        label=_("Seal a row without its refused values"),
        required=False,
        help_text=_("Otherwise one refused value refuses the whole row."),
    )


class SaveForm(forms.Form):
    """A name for a mapping."""

    name = dj.CharField(label=_("Name of the mapping"), max_length=80)


class ReasonForm(forms.Form):
    """Why refused rows are taken out."""

    reason = dj.CharField(
        label=_("Reason"),
        max_length=200,
        min_length=4,
        help_text=_("It is written down with your name, for example: mending the refused rows of ticket 4711."),
    )
