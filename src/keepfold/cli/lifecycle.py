"""`init`, `run`, `up`, `stop`, `status`, and the two children `serve` and `work`. No Django in this process."""

from __future__ import annotations

import functools
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import click

from keepfold.kernel import config
from keepfold.kernel.config import Config
from keepfold.kernel.errors import KeepfoldError, Unavailable
from keepfold.site import installation, launch, runfile

_START_PATIENCE_S = 30.0
_STOP_PATIENCE_S = 30.0

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON on standard output.")
detach = click.option("--detach", is_flag=True, help="Return once it is ready and keep it running in the background.")
echo = click.option("--echo", is_flag=True, help="Also print what server and worker log.")


def _say(text: str) -> None:
    click.echo(text, err=True)


@click.command()
@click.option("--owner-email", default=installation.OWNER_EMAIL, show_default=True, help="Who owns it, at first.")
@click.option("--owner-name", default="Owner", show_default=True, help="Their name.")
@click.option("--quiet", is_flag=True, help="Print nothing on standard output.")
@as_json
def init(*, owner_email: str, owner_name: str, quiet: bool, as_json: bool) -> None:
    """Set up the home: databases, keys, a policy, the first owner. May be repeated; nothing is lost."""
    done = installation.init(_say, owner_email=owner_email, owner_name=owner_name)
    if as_json:
        click.echo(json.dumps({**done._asdict(), "home": str(done.home), "token_file": str(done.token_file)}))
    elif not quiet:
        _tell_set_up(done)


def _tell_set_up(done: installation.Installed) -> None:
    click.echo(f"Keepfold is set up in {_short(done.home)}; active policy: {done.policy or 'none yet'}.")
    if done.token:
        click.echo(f"First token, for the owner: {done.token}")
        click.echo(f"It is also in {_short(done.token_file)} (mode 0600), where the command line finds it.")


@click.command()
@detach
@echo
def up(*, detach: bool, echo: bool) -> None:
    """Start server and worker under one supervisor; Ctrl-C stops them."""
    settings = config.current()
    if _tell_if_running(settings):
        return
    if not installation.is_current(settings):
        raise _not_set_up(settings)
    _start(settings, detach=detach, echo=echo, on_ready=lambda address: click.echo(f"Keepfold runs at {address}"))


@click.command()
@detach
@echo
@click.option("--demo/--no-demo", default=True, show_default=True, help="Fill an empty store with a synthetic shop.")
def run(*, detach: bool, echo: bool, demo: bool) -> None:
    """Set up what is missing, then start everything and say what to try. Ctrl-C stops it."""
    settings = config.current()
    if _tell_if_running(settings):
        return
    is_new = not installation.token_file(settings).exists()
    if not installation.is_current(settings):
        _child("init", "--quiet")
    if demo:
        _fill_once(settings)
    welcome = functools.partial(_welcome, settings, is_new=is_new, detach=detach, link=_owner_link(settings))
    _start(settings, detach=detach, echo=echo, on_ready=welcome)


@click.command()
@as_json
def stop(*, as_json: bool) -> None:
    """Stop what `up` or `run` started in this home."""
    settings = config.current()
    running = runfile.find(settings.home)
    if running is not None:
        os.kill(running.pid, signal.SIGTERM)
        _wait_until_free(settings)
    if as_json:
        click.echo(json.dumps({"stopped": running is not None}))
    else:
        click.echo(f"Stopped process {running.pid}." if running else f"Nothing runs in {_short(settings.home)}.")


@click.command()
@as_json
@click.pass_context
def status(context: click.Context, *, as_json: bool) -> None:
    """Say whether Keepfold runs, whether it is ready, and what it holds. Exit code 1 when it is not ready."""
    document = _status(config.current())
    if as_json:
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(_status_lines(document)))
    context.exit(0 if document["ready"] else 1)


@click.command(hidden=True)
def serve() -> None:
    """Run the web server alone."""
    from keepfold.site import web  # noqa: PLC0415  slow to import: only this command needs it

    web.serve()


@click.command(hidden=True)
def work() -> None:
    """Run the worker alone."""
    from keepfold.site import setup, work  # noqa: PLC0415  slow to import: only this command needs it

    setup.load()
    work.work()


def _tell_if_running(settings: Config) -> bool:
    running = runfile.find(settings.home)
    if running is None:
        return False
    click.echo(f"Keepfold runs already at {running.address} (process {running.pid}).")
    click.echo("`keepfold status` says how it is; `keepfold stop` ends it.")
    return True


def _not_set_up(settings: Config) -> KeepfoldError:
    return Unavailable(
        f"The installation in {settings.home} is not set up for this version.",
        code="home.outdated",
        next_step="Run `keepfold init`, or use `keepfold run`, which does it for you.",
    )


def _start(settings: Config, *, detach: bool, echo: bool, on_ready: Any) -> None:
    if detach:
        _start_detached(settings)
        on_ready(launch.address_of(settings))
        return
    launch.supervise(settings, say=_say, on_ready=on_ready, echo=echo)
    _say("Stopped.")


def _start_detached(settings: Config) -> None:
    """Start `keepfold up` as a process of its own and wait until the server answers, or it gives up."""
    settings.home.joinpath("log").mkdir(mode=0o700, exist_ok=True)
    log = settings.home / "log" / "up.log"
    # Shared with the new process; its mode must not depend on the shell's umask.
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab") as output:
        process = subprocess.Popen(  # noqa: S603  our own program
            _command("up"), stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    deadline = time.monotonic() + _START_PATIENCE_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Unavailable(_last_line(log), code="up.cannot-start", next_step=f"The whole log is {_short(log)}.")
        if launch.answers(settings, "/readyz"):
            return
        time.sleep(0.05)
    raise Unavailable(
        f"It was not ready within {_START_PATIENCE_S:.0f} seconds.",
        code="up.slow",
        next_step=f"`keepfold status` says what is missing; `keepfold stop` ends it. The log is {_short(log)}.",
    )


def _last_line(log: Path) -> str:
    lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith("  ")]
    return told[-1] if told else "It ended without a word."


def _command(*words: str) -> list[str]:
    return [sys.executable, "-m", "keepfold.cli.main", *words]


def _child(*words: str) -> None:
    """Run one of our commands in a process of its own, so that this one stays small; leave with its exit code."""
    code = subprocess.run(_command(*words), check=False).returncode  # noqa: S603  our own program
    if code:
        sys.exit(code)


def _fill_once(settings: Config) -> None:
    """Offer the demonstration to a new store; the mark keeps later starts quick."""
    mark = settings.home / "run" / "demo.asked"
    if not mark.exists():
        _child("demo", "--if-empty")
        mark.touch(mode=0o600)


def _owner_link(settings: Config) -> str | None:
    """Return a one-time link for the owner, a new one at each start, until there is another way for them to sign in."""
    mark = settings.home / "run" / "owner.enters"
    if mark.exists():
        return None
    asked = subprocess.run(_command("staff", "link", "--first-owner", "--json"), check=False, stdout=subprocess.PIPE)  # noqa: S603  our own program
    if asked.returncode:
        return None
    link: str | None = json.loads(asked.stdout)["link"]
    if link is None:
        mark.touch(mode=0o600)
    return link


def _welcome(settings: Config, address: str, *, is_new: bool, detach: bool, link: str | None) -> None:
    ending = "`keepfold stop` ends it" if detach else "Ctrl-C stops it"
    lines = [
        "",
        f"  Keepfold runs at  {address}",
        f"  Sign in           {_sign_in_line(settings, link)}",
        f"  First token       {_token_line(installation.token_file(settings), is_new=is_new)}",
        "",
        "  Try next:",
        *(f"    {command}" for command in next_commands(address, settings)),
        *_as_staff(settings),
        "",
        f"  {ending}. Everything is kept in {_short(settings.home)}.",
        "",
    ]
    click.echo("\n".join(lines))


def _sign_in_line(settings: Config, link: str | None) -> str:
    return f"{link}  (once, within 15 minutes)" if link else f"{settings.public_url}/sign-in"


def _as_staff(settings: Config) -> list[str]:
    if not (settings.home / "run" / "demo.asked").exists():
        return []
    return ["", f"  As one of the staff, by a link: {_program()} staff link ana@shop.example  (or ben@, dora@)"]


def _token_line(path: Path, *, is_new: bool) -> str:
    if not path.exists():
        return "was removed from the home; `keepfold client create` makes others"
    return f"{path.read_text(encoding='utf-8').strip()}  (in {_short(path)})" if is_new else f"is in {_short(path)}"


def next_commands(address: str, settings: Config) -> list[str]:
    """Return the three commands that a new user should try."""
    program, token = _program(), _short(installation.token_file(settings))
    return [
        f"{program} customer show $({program} customer list --limit 1) --purpose support",
        f'curl -H "Authorization: Bearer $(cat {token})" "{address}/api/v1/customers?limit=3"',
        f"{program} ledger verify",
    ]


def _program() -> str:
    beside = Path(sys.executable).with_name("keepfold")
    return _short(beside) if beside.exists() else "keepfold"


def _short(path: Path) -> str:
    """Return a path as a person in the present directory would type it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _wait_until_free(settings: Config) -> None:
    deadline = time.monotonic() + _STOP_PATIENCE_S
    while time.monotonic() < deadline:
        if runfile.is_free(settings.home):
            return
        time.sleep(0.05)
    raise Unavailable("It did not stop in time.", code="stop.slow", next_step="See the log, then try again.")


def _status(settings: Config) -> dict[str, Any]:
    running = runfile.find(settings.home)
    document: dict[str, Any] = {"running": running is not None, "ready": False}
    if running is None:
        return document
    document |= {"pid": running.pid, "address": running.address, "version": running.version}
    code, body = launch.fetch(settings, "/readyz")
    document["ready"] = code == 200
    if body:
        document["checks"] = json.loads(body)["checks"]
    code, body = launch.fetch(settings, "/")
    return document | (json.loads(body) if code == 200 else {})


def _status_lines(document: dict[str, Any]) -> list[str]:
    if not document["running"]:
        return ["Keepfold does not run here. Start it with `keepfold run`."]
    lines = [f"Keepfold {document['version']} runs at {document['address']} (process {document['pid']})."]
    bad = {name: word for name, word in document.get("checks", {}).items() if word != "ok"}
    lines.append("Ready." if document["ready"] else f"Not ready: {bad or 'it does not answer'}.")
    return lines
