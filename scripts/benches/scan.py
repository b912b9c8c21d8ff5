"""The scan page's throughput beside its ceilings: the same server's constant string, Flask's constant template.

One gunicorn, one load generator, rounds interleaved, medians. Absolute rates depend on the machine; the ratios count.
"""

from __future__ import annotations

import argparse
import gzip
import http.client
import os
import platform
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

BENCHES = Path(__file__).resolve().parent
CONNECTIONS = 16
THREADS = 8


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--rounds", type=int, default=5)
    words.add_argument("--seconds", type=float, default=3)
    chosen = words.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "WRISTBAND_DATA_DIR": folder, "PYTHONPATH": str(BENCHES)}
        token, port = _prepare(environment), _free_port()
        environment["WRISTBAND_BASE_URL"] = f"http://127.0.0.1:{port}"
        server = _serve(environment, port)
        try:
            _measure(port, {"constant": "/constant", "template": "/template", "scan": f"/t/{token}"}, chosen)
        finally:
            server.terminate()
            server.wait(20)


def _prepare(environment: dict[str, str]) -> str:
    """A store with the demonstration; the token of one of its bands."""
    wristband = str(Path(sys.executable).parent / "wristband")
    subprocess.run([wristband, "setup"], env=environment, check=True, capture_output=True)
    shown = subprocess.run([wristband, "start-here"], env=environment, check=True, capture_output=True, text=True)
    found = re.search(r"/t/([0-9A-Z]{25})", shown.stdout)
    if found is None:
        raise SystemExit("no band in the demonstration")
    return found[1]


def _serve(environment: dict[str, str], port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "gunicorn", "-k", "gthread", "-w", "2", "--threads", str(THREADS)]
    command += ["-b", f"127.0.0.1:{port}", "--log-level", "error", "scan_app:app"]
    server = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    latest = time.monotonic() + 30
    while time.monotonic() < latest:
        try:
            _get(port, "/healthz")
        except OSError:
            time.sleep(0.2)
        else:
            return server
    raise SystemExit("the server did not start")


def _measure(port: int, paths: dict[str, str], chosen: argparse.Namespace) -> None:
    body, headers = _get(port, paths["scan"])
    compressed = len(gzip.compress(body, 9))
    print(f"machine: {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"scan page: {len(body)} bytes, {compressed} compressed, {compressed + headers} with its headers")
    load = _with_wrk if shutil.which("wrk") else _with_threads
    print(
        f"load: {'wrk' if load is _with_wrk else 'Python threads'}, {CONNECTIONS} connections, {chosen.rounds} rounds"
    )
    rates: dict[str, list[float]] = {name: [] for name in paths}
    errors = 0
    for path in paths.values():
        load(port, path, 1)  # warm-up
    for _ in range(chosen.rounds):
        for name, path in paths.items():
            rate, failed = load(port, path, chosen.seconds)
            rates[name].append(rate)
            errors += failed
    for name, measured in rates.items():
        low, high = min(measured), max(measured)
        print(f"{name:9} {statistics.median(measured):8.0f} requests/s  (from {low:.0f} to {high:.0f})")
    for ceiling in ("constant", "template"):
        ratios = [ours / theirs for ours, theirs in zip(rates["scan"], rates[ceiling], strict=True)]
        print(f"scan / {ceiling}: {statistics.median(ratios):.2f}  (from {min(ratios):.2f} to {max(ratios):.2f})")
    print(f"errors: {errors}")


def _with_wrk(port: int, path: str, seconds: float) -> tuple[float, int]:
    address = f"http://127.0.0.1:{port}{path}"
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", address]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    failed = sum(
        int(number) for number in re.findall(r"(?:Non-2xx or 3xx responses: |connect |read |write )(\d+)", said)
    )
    return float(rate[1]) if rate else 0.0, failed


def _with_threads(port: int, path: str, seconds: float) -> tuple[float, int]:
    latest = time.monotonic() + seconds
    answered, failed = [0] * CONNECTIONS, [0] * CONNECTIONS

    def ask(which: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        while time.monotonic() < latest:
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            answered[which] += answer.status == 200
            failed[which] += answer.status != 200
        connection.close()

    began = time.monotonic()
    threads = [threading.Thread(target=ask, args=(which,)) for which in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(answered) / (time.monotonic() - began), sum(failed)


def _get(port: int, path: str) -> tuple[bytes, int]:
    """The body, and the size of the head."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    head = sum(len(name) + len(value) + 4 for name, value in answer.getheaders()) + 19
    body = answer.read()
    connection.close()
    return body, head


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
