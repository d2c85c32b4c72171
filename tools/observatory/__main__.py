"""Let MDN's HTTP Observatory grade an installation on this machine: `make observatory`. Exit code 1 below A+.

The tool (MPL-2.0, from npm) runs as it is, installed under var/ without its scripts; these would download two lists
that only matter for real domains, so that empty ones take their place. It sees the installation as browsers see a
deployment: behind TLS, with `site_url` set to https. Once as nobody, once as somebody who is signed in.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from tools.observatory.tls import Front, make_certificates

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
TOOL = ROOT / "var" / "observatory"
PACKAGE = TOOL / "node_modules" / "@mdn" / "mdn-http-observatory"
OWNER = "olga@shop.example"


def install() -> None:
    """Install the tool in the version of the lock, unless it is there."""
    TOOL.mkdir(parents=True, exist_ok=True)
    lock = (HERE / "package-lock.json").read_bytes()
    if PACKAGE.exists() and (TOOL / "package-lock.json").read_bytes() == lock:
        return
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("npm is missing. On Debian, type:  apt-get install npm")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, TOOL)
    subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], cwd=TOOL, check=True)
    (PACKAGE / "conf" / "hsts-preload.json").write_text("{}")
    (PACKAGE / "conf" / "tld-list.json").write_text("[]")


class Installation:
    """A new home with a running server, reached through TLS at `port`."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home = folder, folder / "home"
        self.authority = make_certificates(folder)
        self.backend, self.metrics = _free_port(), _free_port()
        # The server must know its public address before it starts, and the front its port: so the front comes first.
        self.front = Front(self.backend, folder / "server.pem")
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("KEEPFOLD_")},
            "KEEPFOLD_HOME": str(self.home),
            "KEEPFOLD_BIND": f"127.0.0.1:{self.backend}",
            "KEEPFOLD_METRICS_BIND": f"127.0.0.1:{self.metrics}",
            "KEEPFOLD_SITE_URL": f"https://localhost:{self.front.port}",
        }
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Set up and start; return when it is ready."""
        self._keepfold("init", "--quiet", "--owner-email", OWNER, "--owner-name", "Olga Olsen")
        command = [sys.executable, "-m", "keepfold.cli.main", "up"]
        self._server = subprocess.Popen(command, env=self.environment, stdout=subprocess.DEVNULL)
        for _ in range(300):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.backend}/readyz", timeout=2):
                    return
            except OSError:
                time.sleep(0.1)
        sys.exit("The installation did not become ready.")

    def cookie(self) -> str:
        """Return the session cookie of the owner, as sign-in would set it."""
        done = self._run(sys.executable, "-m", "tests.journeys.mint")
        made = json.loads(done.splitlines()[-1])
        return f"{made['cookie']}={made['sessions']['olga']}"

    def _keepfold(self, *words: str) -> None:
        self._run(sys.executable, "-m", "keepfold.cli.main", *words)

    def _run(self, *command: str) -> str:
        done = subprocess.run(command, env=self.environment, cwd=ROOT, check=True, capture_output=True, text=True)
        return done.stdout

    def stop(self) -> None:
        """End what was started."""
        self.front.close()
        if self._server is not None:
            self._server.terminate()
            self._server.wait(timeout=40)


def scan(port: int, authority: Path) -> dict[str, Any]:
    """Return what the tool says about https://localhost:port/."""
    node = shutil.which("node")
    if node is None:
        sys.exit("node is missing. On Debian, type:  apt-get install nodejs")
    environment = {"PATH": os.environ["PATH"], "NODE_EXTRA_CA_CERTS": str(authority), "HOME": str(authority.parent)}
    done = subprocess.run(
        [node, "src/scan.js", f"localhost:{port}"],
        cwd=PACKAGE,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"The tool failed: {done.stdout or done.stderr}")
    return dict(json.loads(done.stdout))


def tell(who: str, found: dict[str, Any]) -> bool:
    """Print the grade and what was tested; say whether it is A+."""
    graded = found["scan"]
    passed = f"{graded['testsPassed']} of {graded['testsQuantity']} passed"
    print(f"\n{who}: {graded['grade']} (score {graded['score']}, {passed})")
    for name, test in found["tests"].items():
        verdict = {True: "pass", False: "FAIL", None: "none"}[test["pass"]]
        print(f"  {verdict}  {name:<28} {test['result']:<60} {test.get('scoreModifier') or 0:+d}")
    return bool(graded["grade"] == "A+")


def main() -> int:
    """Grade both views."""
    install()
    with tempfile.TemporaryDirectory(prefix="keepfold-observatory-") as folder:
        place = Installation(Path(folder))
        try:
            place.start()
            good = tell("nobody (the sign-in page)", scan(place.front.port, place.authority))
            place.front.cookie = place.cookie()
            good &= tell("the owner (the home page)", scan(place.front.port, place.authority))
        finally:
            place.stop()
    return 0 if good else 1


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
