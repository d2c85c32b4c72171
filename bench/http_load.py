"""The load of bench_http, a process of its own: keep-alive connections, a thread each, until the list is through.

Reads JSON from standard input: `{port, connections, requests: [[method, path, headers, body], …]}`. Writes JSON:
`{seconds, statuses, bodies, p50_ms, p99_ms}`.
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
from collections import Counter


def run(job: dict) -> dict:
    """Send all requests, spread over the connections."""
    requests, count = job["requests"], job["connections"]
    answers: list[tuple[int, str, float]] = []
    threads = [
        threading.Thread(target=_send, args=(job["port"], requests[number::count], answers)) for number in range(count)
    ]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    times = sorted(taken for _, _, taken in answers)
    return {
        "seconds": seconds,
        "statuses": Counter(str(status) for status, _, _ in answers),
        "bodies": [body for _, body, _ in answers] if job.get("bodies") else [],
        "p50_ms": 1000 * times[len(times) // 2],
        "p99_ms": 1000 * times[int(len(times) * 0.99)],
    }


def _send(port: int, requests: list, answers: list) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for method, path, headers, body in requests:
        began = time.perf_counter()
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        answers.append((answer.status, text, time.perf_counter() - began))
    connection.close()


if __name__ == "__main__":
    json.dump(run(json.load(sys.stdin)), sys.stdout)
