"""What a request costs: CPU of single reads and writes beside a bare endpoint, bulk intake per core, memory, start.

All servers run in the same rounds, in turns, under the same load: four keep-alive connections of another process. CPU
is user and system time of the server's processes, as the kernel counts it; the worker, which sequences the ledger, is
measured beside it. The floor is Starlette with the same crypto and rows (`http_floor.py`), once under uvicorn and once
under granian; the cheaper one of each kind of request counts.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from bench.common import Bench

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
SINGLES = 400
BULK_RECORDS, BULK_REQUESTS = 1000, 10
CONNECTIONS = 4
PURPOSE = "fulfil_order"
TICK = os.sysconf("SC_CLK_TCK")


class Server(NamedTuple):
    """A server under test: where it listens, its processes, and how to speak to it."""

    port: int
    process: int
    token: str


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def tree(pid: int) -> list[int]:
    """Return a process and everything that descends from it."""
    found, parents = [pid], {pid}
    table = {int(path.name): _parent(path) for path in Path("/proc").iterdir() if path.name.isdigit()}
    while more := [child for child, parent in table.items() if parent in parents and child not in found]:
        found += more
        parents = set(more)
    return found


def _parent(path: Path) -> int:
    try:
        return int((path / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def cpu_seconds(pids: list[int]) -> float:
    """Return user and system time that processes have used."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICK


def pss_mib(pids: list[int]) -> float:
    """Return the proportional set size of processes: shared pages are counted once."""
    kib = 0
    for pid in pids:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        kib += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return kib / 1024


def load(port: int, requests: list, *, bodies: bool = False, connections: int = CONNECTIONS) -> dict:
    """Let the load process send requests; stop when one was not answered well."""
    job = {"port": port, "connections": connections, "requests": requests, "bodies": bodies}
    done = subprocess.run(
        [sys.executable, "-m", "bench.http_load"], input=json.dumps(job), capture_output=True, text=True, check=True
    )
    result = json.loads(done.stdout)
    assert all(status in {"200", "201"} for status in result["statuses"]), result["statuses"]
    return result


def record(number: int) -> dict:
    """Return ten fields of a made-up person."""
    return {
        "email": f"person{number}@example.com",
        "first_name": "Renée",
        "last_name": f"Example {number % 977}",
        "phone": f"+49 30 {1000000 + number % 8999999}",
        "address": f"Musterstraße {number % 300}",
        "city": "Berlin",
        "state": "Berlin",
        "postal_code": f"{10115 + number % 2000}",
        "country": "DE",
        "iban": "DE89 3704 0044 0532 0130 00",
    }


class Numbers:
    """Gives every record of the run a number of its own."""

    next = 0

    @classmethod
    def take(cls, count: int) -> range:
        """Return the next numbers."""
        cls.next += count
        return range(cls.next - count, cls.next)


@contextmanager
def process(command: list[str], port: int, environment: dict[str, str], log: Path) -> Iterator[tuple[int, float]]:
    """Run a server; yield its process id and the seconds until it was ready."""
    began = time.perf_counter()
    with log.open("ab") as output:
        running = subprocess.Popen(command, env={**os.environ, **environment}, stdout=output, stderr=output)
    try:
        while not answers(port):
            if running.poll() is not None or time.perf_counter() - began > 30:
                sys.exit(f"The server did not start: {log.read_text()[-2000:]}")
            time.sleep(0.01)
        yield running.pid, time.perf_counter() - began
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(timeout=30)


def answers(port: int) -> bool:
    """Say whether /readyz answers 200."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as line:
            line.sendall(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return b" 200 " in line.recv(64)
    except OSError:
        return False


def floors(stack: ExitStack, folder: Path) -> dict[str, Server]:
    """Start the floor under two servers, each with stores of its own."""
    found = {}
    for name in ("uvicorn", "granian"):
        home, port = folder / name, free_port()
        home.mkdir()
        common = [sys.executable, "-m", name]
        command = {
            "uvicorn": [
                *common,
                "bench.http_floor:app",
                "--port",
                str(port),
                "--no-access-log",
                "--log-level",
                "error",
            ],
            "granian": [
                *common,
                "bench.http_floor:app",
                "--interface",
                "asginl",
                "--port",
                str(port),
                "--no-ws",
                "--no-log",
            ],
        }[name]
        pid, _ = stack.enter_context(process(command, port, {"FLOOR_HOME": str(home)}, home / "log"))
        found[f"floor, {name}"] = Server(port, pid, "floor")
    return found


def keepfold(*words: str, environment: dict[str, str]) -> str:
    """Run the command line and return what it printed."""
    command = [sys.executable, "-m", "keepfold.cli.main", *words]
    return subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=True).stdout


def ours(stack: ExitStack, folder: Path, bench: Bench) -> Server:
    """Set up an installation, start it three times for the start time, and leave it running."""
    port = free_port()
    environment = {
        "KEEPFOLD_HOME": str(folder / "home"),
        "KEEPFOLD_BIND": f"127.0.0.1:{port}",
        "KEEPFOLD_METRICS_BIND": f"127.0.0.1:{free_port()}",
    }
    keepfold("init", environment=environment)
    made = keepfold(
        "client",
        "create",
        "bench",
        "--action",
        "vault.*",
        "--purpose",
        "*",
        "--rate",
        "100000",
        "--json",
        environment=environment,
    )
    up, log = [sys.executable, "-m", "keepfold.cli.main", "up"], folder / "up.log"
    starts = []
    for _ in range(2):
        with process(up, port, environment, log) as (_, seconds):
            starts.append(seconds)
    pid, seconds = stack.enter_context(process(up, port, environment, log))
    bench.row("start until ready, worst of three", max(*starts, seconds), "s", "<= 3")
    return Server(port, pid, json.loads(made)["token"])


def children(server: Server) -> tuple[list[int], list[int]]:
    """Return the processes of our web server and of our worker."""
    web, worker = [], []
    for pid in tree(server.process):
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
        (web if b"\0serve\0" in words else worker if b"\0work\0" in words else []).append(pid)
    return web, worker


def writes(server: Server, path: str) -> list:
    """Return single writes of new people."""
    headers = {"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"}
    return [["POST", path, headers, json.dumps({"values": record(number)})] for number in Numbers.take(SINGLES)]


def reads(server: Server, path: str, ids: list[str]) -> list:
    """Return single reads."""
    headers = {"Authorization": f"Bearer {server.token}"}
    return [["GET", path.format(ids[number % len(ids)]), headers, None] for number in range(SINGLES)]


def measure(server: Server, pids: list[int], requests: list, **options: bool) -> tuple[float, dict]:
    """Return CPU seconds and the result of one round."""
    before = cpu_seconds(pids)
    result = load(server.port, requests, **options)
    return cpu_seconds(pids) - before, result


def main() -> None:
    """Run all rounds and report."""
    bench = Bench("http")
    with tempfile.TemporaryDirectory(prefix="bench-http-") as name, ExitStack() as stack:
        folder = Path(name)
        servers = floors(stack, folder) | {"keepfold": ours(stack, folder, bench)}
        singles(bench, servers)
        bulk(bench, servers["keepfold"])
        web, worker = children(servers["keepfold"])
        everything = tree(servers["keepfold"].process)
        bench.row("memory of server and worker (PSS)", pss_mib(web + worker), "MiB", "<= 250")
        bench.row("memory with the supervisor (PSS)", pss_mib(everything), "MiB", "<= 250")
    bench.finish()


def singles(bench: Bench, servers: dict[str, Server]) -> None:
    """Measure single writes and reads in turns."""
    taken: dict[tuple[str, str], list[float]] = {}
    times: dict[tuple[str, str], list[float]] = {}
    worker_seconds = 0.0
    for turn in range(ROUNDS + 1):  # the first round only warms up
        for name in sorted(servers, reverse=bool(turn % 2)):
            server = servers[name]
            web, worker = children(server) if name == "keepfold" else (tree(server.process), [])
            base = "/api/v1/customers" if name == "keepfold" else "/customers"
            before = cpu_seconds(worker)
            write, made = measure(server, web, writes(server, base), bodies=True)
            ids = [json.loads(body)["id"] for body in made["bodies"]]
            query = f"?purpose={PURPOSE}" if name == "keepfold" else ""
            read, got = measure(server, web, reads(server, base + "/{}" + query, ids))
            if turn:
                worker_seconds += cpu_seconds(worker) - before
                taken.setdefault((name, "write"), []).append(write)
                taken.setdefault((name, "read"), []).append(read)
                times.setdefault((name, "write"), []).append(made["p50_ms"])
                times.setdefault((name, "read"), []).append(got["p50_ms"])
    _report_singles(bench, servers, taken, times)
    bench.row("worker CPU per request (ledger sequencing)", 1e6 * worker_seconds / (2 * ROUNDS * SINGLES), "us")


def _report_singles(bench: Bench, servers: dict[str, Server], taken: dict, times: dict) -> None:
    for kind in ("read", "write"):
        cost = {name: 1e6 * sum(taken[name, kind]) / (ROUNDS * SINGLES) for name in servers}
        for name, microseconds in sorted(cost.items()):
            bench.row(f"single {kind}, CPU: {name}", microseconds, "us")
        floor = min(value for name, value in cost.items() if name != "keepfold")
        bench.row(f"single {kind}, CPU: ratio to the floor", cost["keepfold"] / floor, "ratio", "<= 2.5")
        middle = sorted(times["keepfold", kind])[ROUNDS // 2]
        bench.row(f"single {kind}, median time: keepfold", middle, "ms")


def bulk(bench: Bench, server: Server) -> None:
    """Measure bulk intake."""
    headers = {"Authorization": f"Bearer {server.token}", "Content-Type": "application/x-ndjson"}
    web, worker = children(server)
    spent = other = wall = 0.0
    for turn in range(BULK_REQUESTS + 1):
        lines = "\n".join(json.dumps(record(number)) for number in Numbers.take(BULK_RECORDS))
        before = cpu_seconds(worker)
        seconds, result = measure(
            server, web, [["POST", "/api/v1/customers/bulk", headers, lines]], connections=1, bodies=not turn
        )
        if not turn:
            assert result["bodies"][0].count('"sealed"') == BULK_RECORDS, result["bodies"][0][:500]
        else:
            spent, other, wall = spent + seconds, other + cpu_seconds(worker) - before, wall + result["seconds"]
    total = BULK_RECORDS * BULK_REQUESTS
    bench.row("bulk, ten-field records per second and core", total / spent, "rec/s", ">= 15000")
    bench.row("bulk, the same with the worker's CPU", total / (spent + other), "rec/s")
    bench.row("bulk, records per second by the clock on the wall", total / wall, "rec/s")


if __name__ == "__main__":
    main()
