"""Every setting, typed, from three places: the file `<home>/keepfold.toml`, `KEEPFOLD_*`, and `KEEPFOLD_*_FILE`.

The environment wins over the file. A secret may be given as the path of a file that holds it. A key that is not
a setting is an error that names the nearest one: a typing mistake must never switch a safeguard off silently.

This module imports no Django, so that the command line can read the configuration before anything else.
"""

from __future__ import annotations

import os
import re
import secrets
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from keepfold.kernel.errors import Misconfigured
from keepfold.kernel.rules import nearest

PREFIX = "KEEPFOLD_"
FILE_NAME = "keepfold.toml"
# Read by tests, the SDK's examples and the command line; they are not settings of an installation.
RESERVED = frozenset(
    {
        "KEEPFOLD_HOME",
        "KEEPFOLD_SHARED_DATA",
        "KEEPFOLD_TOKEN",
        "KEEPFOLD_REQUIRE_ALL",
        "KEEPFOLD_IMPORT_PASSWORD",
        "KEEPFOLD_IMPORT_PASSWORD_FILE",
    }
)

_TRUE = frozenset({"1", "true", "yes", "on"})
_NUMBER = re.compile(r"-?[0-9]{1,15}")
_FALSE = frozenset({"0", "false", "no", "off"})


def _setting(
    description: str,
    *,
    default: Any,
    secret: bool = False,
    choices: tuple[str, ...] = (),
    least: int | None = None,
) -> Any:
    metadata = {"description": description, "secret": secret, "choices": choices, "least": least}
    return field(default=default, repr=not secret, metadata=metadata)


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """The settings of one installation. Sizes are bytes, durations seconds, addresses `host:port`."""

    home: Path = field(default=Path("var"), metadata={"description": "Directory of everything that is kept."})
    bind: str = _setting("Address of the web server.", default="127.0.0.1:8700")
    metrics_bind: str = _setting("Address of the Prometheus metrics; keep it on loopback.", default="127.0.0.1:8701")
    data_url: str = _setting("PostgreSQL URL of the data store; empty: <home>/data.sqlite3.", default="", secret=True)
    keys_url: str = _setting("PostgreSQL URL of the key store; empty: <home>/keys.sqlite3.", default="", secret=True)
    root_key: str = _setting(
        "Where the root key comes from: a 0600 file, or a passphrase.", default="file", choices=("file", "passphrase")
    )
    root_key_file: str = _setting("Path of the root key file; empty: <home>/root.key.", default="")
    root_passphrase: str = _setting("Passphrase of the root key, when root_key is passphrase.", default="", secret=True)
    log_format: str = _setting("How log lines look.", default="console", choices=("console", "json"))
    log_level: str = _setting(
        "The least severe log lines that are written.", default="info", choices=("debug", "info", "warning", "error")
    )
    web_workers: int = _setting("Web server processes.", default=1, least=1)
    # SQLite lets one transaction write at a time, and whoever finds it busy sleeps ever longer: with four threads the
    # slowest of a hundred answers took eight times as long, and every answer more CPU.
    web_threads: int = _setting(
        "Threads in each web server process; more than two help with PostgreSQL only.", default=2, least=1
    )
    fast_lane: bool = _setting("Serve the hot API paths without the framework around them.", default=True)
    sqlite_synchronous: str = _setting(
        "SQLite durability; NORMAL may lose the last moments on power loss.",
        default="FULL",
        choices=("FULL", "NORMAL", "EXTRA"),
    )
    two_person_activation: bool = _setting("A policy version needs two people to become active.", default=False)
    ledger_origin: str = _setting(
        "Name of this installation's log in its checkpoints.", default="keepfold.local/ledger"
    )
    checkpoint_seconds: int = _setting("Seconds between signed checkpoints of the ledger.", default=10, least=1)
    max_body_bytes: int = _setting("Largest request body.", default=1 << 20, least=1024)
    max_bulk_body_bytes: int = _setting("Largest body of a bulk request.", default=32 << 20, least=1024)
    max_bulk_records: int = _setting("Most records in one bulk request.", default=5000, least=1)
    mail_url: str = _setting(
        "smtp://user:password@host:port?starttls=1 or smtps://…; empty: .eml files in <home>/mail.",
        default="",
        secret=True,
    )
    mail_from: str = _setting("Sender of the mail that this installation sends.", default="keepfold@localhost")
    secret_key: str = _setting("Key of signed cookies; empty: made once in <home>/secret.key.", default="", secret=True)
    allowed_hosts: tuple[str, ...] = _setting(
        "Host names under which the server answers.", default=("127.0.0.1", "localhost", "[::1]")
    )
    max_upload_bytes: int = _setting(
        "Largest file that can be uploaded for an import; reading it takes up to three times as much memory.",
        default=256 << 20,
        least=1024,
    )
    import_hosts: tuple[str, ...] = _setting(
        "Servers that the console may connect to for an import: loopback, private, networks, host names, or any.",
        default=("loopback", "private"),
    )
    import_folders: tuple[str, ...] = _setting(
        "Folders of this server from which the console may import SQLite files; empty: none.", default=()
    )
    default_country: str = _setting("Country of phone numbers without a prefix, such as DE; empty: none.", default="")
    site_url: str = _setting(
        "Public address of the console, such as https://keepfold.example.com; empty: http://localhost and bind's port.",
        default="",
    )
    session_idle_minutes: int = _setting(
        "Minutes of inactivity after which somebody is signed out.", default=15, least=1
    )
    session_hours: int = _setting("Hours after which somebody signs in again in any case.", default=12, least=1)
    mfa_grace_days: int = _setting(
        "Days from the first sign-in within which a second factor or a passkey must be set up; 0: at once.",
        default=7,
        least=0,
    )

    @property
    def root_key_path(self) -> Path:
        """Return the path of the root key file."""
        return Path(self.root_key_file) if self.root_key_file else self.home / "root.key"

    @property
    def public_url(self) -> str:
        """Return the address under which people reach the console, without a slash at its end.

        `localhost` rather than 127.0.0.1: a passkey belongs to a name, never to an address (WebAuthn section 5.1.2).
        """
        return self.site_url.rstrip("/") or f"http://localhost:{split_address(self.bind)[1]}"

    @property
    def public_host(self) -> str:
        """Return the host name of `public_url`, to which passkeys belong."""
        return urlsplit(self.public_url).hostname or "localhost"

    @property
    def is_https(self) -> bool:
        """Say whether people reach the console by https."""
        return self.public_url.startswith("https://")


class Row(NamedTuple):
    """One setting as `explain` shows it. `value` of a secret says only whether it is set."""

    name: str
    variable: str
    type: str
    default: str
    value: str
    source: str
    description: str


_FIELDS = {item.name: item for item in fields(Config)}
_SETTINGS = {name: item for name, item in _FIELDS.items() if name != "home"}
_TYPES = {"str": "text", "int": "whole number", "bool": "true or false", "tuple[str, ...]": "list of texts"}


def load(env: Mapping[str, str] | None = None, path: Path | None = None) -> Config:
    """Return the configuration. Raises `Misconfigured` on an unknown key, a wrong type or a value out of range."""
    return _load(os.environ if env is None else env, path)[0]


def explain(env: Mapping[str, str] | None = None, path: Path | None = None) -> list[Row]:
    """Return every setting with its type, default, value and where the value came from."""
    config, sources = _load(os.environ if env is None else env, path)
    return [_row(config, name, sources.get(name, "default")) for name in _FIELDS]


def _row(config: Config, name: str, source: str) -> Row:
    item = _FIELDS[name]
    shown = _shown(getattr(config, name))
    if item.metadata.get("secret"):
        shown = "(set)" if shown else "(not set)"
    variable = PREFIX + name.upper()
    kind = _TYPES.get(str(item.type), "path")
    return Row(name, variable, kind, _shown(item.default), shown, source, item.metadata["description"])


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _load(env: Mapping[str, str], path: Path | None) -> tuple[Config, dict[str, str]]:
    home = Path(env.get("KEEPFOLD_HOME") or "var").absolute()
    file = path or home / FILE_NAME
    values: dict[str, Any] = {"home": home}
    sources = {"home": "environment" if env.get("KEEPFOLD_HOME") else "default"}
    for name, value in _from_file(file).items():
        values[name], sources[name] = value, f"file {file.name}"
    for name, (value, source) in _from_environment(env).items():
        values[name], sources[name] = value, source
    return Config(**values), sources


def _from_file(file: Path) -> dict[str, Any]:
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise _wrong(f"The file {file} cannot be read.", "config.unreadable") from error
    except tomllib.TOMLDecodeError as error:
        raise _wrong(f"The file {file} is not valid TOML: {_place(error)}.", "config.syntax") from None
    return {name: _of_toml(name, value, f"the file {file.name}") for name, value in document.items()}


def _place(error: tomllib.TOMLDecodeError) -> str:
    # The message ends in "(at line 3, column 5)"; what stands before it may quote a secret.
    _, _, place = str(error).rpartition("(")
    return place.rstrip(")") or "unreadable"


def _of_toml(name: str, value: Any, where: str) -> Any:
    kind = _type_of(name, name, list(_SETTINGS), where)
    if kind == "tuple[str, ...]" and isinstance(value, list) and all(isinstance(part, str) for part in value):
        value = tuple(value)
    if type(value) is not {"str": str, "int": int, "bool": bool}.get(kind, tuple):
        raise _wrong(f"The setting {name} in {where} must be a {_TYPES[kind]}.", "config.type", rule=name)
    return _checked(name, value, where)


def _from_environment(env: Mapping[str, str]) -> dict[str, tuple[Any, str]]:
    found: dict[str, tuple[Any, str]] = {}
    for variable, text in env.items():
        if not variable.startswith(PREFIX) or variable in RESERVED:
            continue
        name, raw, source = _resolve(variable, text)
        if name in found:
            raise _wrong(f"{PREFIX}{name.upper()} and its _FILE variant are both set.", "config.twice", rule=name)
        found[name] = (_of_text(name, raw, variable), source)
    return found


def _resolve(variable: str, text: str) -> tuple[str, str, str]:
    name = variable.removeprefix(PREFIX).lower()
    secret = _SETTINGS.get(name.removesuffix("_file"))
    if name.endswith("_file") and name not in _SETTINGS and secret is not None and secret.metadata["secret"]:
        return secret.name, _secret_from(variable, Path(text)), "secret file"
    return name, text, "environment"


def _secret_from(variable: str, file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise _wrong(f"{variable} names a file that cannot be read.", "config.unreadable") from error


def _of_text(name: str, text: str, variable: str) -> Any:
    known = [PREFIX + known.upper() for known in _SETTINGS]
    kind = _type_of(name, variable, known, "the environment")
    if kind == "str":
        value: Any = text
    elif kind == "tuple[str, ...]":
        value = tuple(part.strip() for part in text.split(",") if part.strip())
    else:
        value = _number_or_truth(kind, text, variable)
    return _checked(name, value, variable)


def _number_or_truth(kind: str, text: str, variable: str) -> int | bool:
    word = text.strip().lower()
    if kind == "bool" and word in _TRUE | _FALSE:
        return word in _TRUE
    if kind == "int" and _NUMBER.fullmatch(word):
        return int(word)
    raise _wrong(f"{variable} must be a {_TYPES[kind]}.", "config.type", rule=variable)


def _type_of(name: str, shown: str, known: list[str], where: str) -> str:
    if name in _SETTINGS:
        return str(_SETTINGS[name].type)
    if name == "home":
        raise _wrong("The setting home can only be given as KEEPFOLD_HOME.", "config.home-in-file", rule=shown)
    close = nearest(shown, known)
    hint = f"Did you mean {close}?" if close else "`keepfold config explain` lists every setting."
    raise _wrong(f"There is no setting {shown} (in {where}).", "config.unknown-key", rule=shown, next_step=hint)


def _checked(name: str, value: Any, where: str) -> Any:
    metadata = _SETTINGS[name].metadata
    if metadata["choices"] and value not in metadata["choices"]:
        choices = ", ".join(metadata["choices"])
        raise _wrong(f"The setting {name} ({where}) must be one of: {choices}.", "config.choice", rule=name)
    if metadata["least"] is not None and value < metadata["least"]:
        raise _wrong(f"The setting {name} ({where}) must be at least {metadata['least']}.", "config.range", rule=name)
    if name in {"bind", "metrics_bind"}:
        split_address(value)
    if name == "site_url" and value:
        _check_site_url(value)
    return value


def _check_site_url(text: str) -> None:
    try:
        parts = urlsplit(text)
        local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
        plain = not (parts.path.strip("/") or parts.query or parts.fragment or parts.username) and parts.port != 0
    except ValueError:
        local = plain = False
        parts = urlsplit("")
    if parts.hostname and plain and (parts.scheme == "https" or (parts.scheme == "http" and local)):
        return
    raise _wrong(
        "The setting site_url must look like https://keepfold.example.com; http:// is for localhost only.",
        "config.site-url",
        rule="site_url",
    )


def split_address(text: str) -> tuple[str, int]:
    """Return host and port of `host:port`. Raises `Misconfigured` on anything else."""
    host, _, port = text.rpartition(":")
    if host and port.isascii() and port.isdigit() and int(port) < 65536:
        return host.strip("[]"), int(port)
    raise _wrong("An address must look like 127.0.0.1:8700.", "config.address")


def _wrong(detail: str, code: str, *, rule: str | None = None, next_step: str | None = None) -> Misconfigured:
    advice = next_step or "`keepfold config explain` lists every setting with its type and default."
    return Misconfigured(detail, code=code, rule=rule, next_step=advice)


class _Current:
    """The configuration of this process, read once."""

    value: Config | None = None
    sources: Mapping[str, str] = {}


def current() -> Config:
    """Return this process's configuration; read from the environment and the file at the first call."""
    if _Current.value is None:
        found, sources = _load(os.environ, None)
        use(found)
        _Current.sources = sources
    assert _Current.value is not None  # noqa: S101  `use` has just set it; this tells the type checker
    return _Current.value


def sources() -> Mapping[str, str]:
    """Return where the settings of this process came from when it read them; defaults are left out.

    A web server forgets its environment once it has read it, so this cannot be found out later.
    """
    current()
    return _Current.sources


def written() -> dict[str, Any]:
    """Return what the file says at this moment, by setting; it counts at the next start. Raises `Misconfigured`."""
    return _from_file(current().home / FILE_NAME)


def use(config: Config | None) -> None:
    """Make `config` this process's configuration, or read it anew at the next call when None."""
    _Current.sources = {}
    _Current.value = config if config is None or config.secret_key else replace(config, secret_key=_made(config.home))


def _made(home: Path) -> str:
    """Return the key in `<home>/secret.key`, making it once; a passing one when there is no home yet."""
    fresh = secrets.token_urlsafe(48)
    if not home.is_dir():
        return fresh
    file, passing = home / "secret.key", home / f"secret.{secrets.token_hex(8)}.tmp"
    try:
        if not file.exists():
            with os.fdopen(os.open(passing, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as writer:
                writer.write(fresh)
            # A link either makes the whole file or finds that another process was first; nobody reads half a key.
            with suppress(FileExistsError):
                file.hardlink_to(passing)
            passing.unlink()
    except OSError as error:
        raise _wrong(f"The directory {home} is not writable.", "config.unwritable") from error
    return _secret_from("<home>/secret.key", file)
