#!/usr/bin/env python3
"""The other side: a police platform that takes our events as they are meant to be taken, and tells things back.

serve    keeps what it gets in a file of JSON lines, written through to the disk before each answer. With --back it
         sends a receipt for every event, with a case number of its own.
tell     says by hand that an incident has come into a state: `tell --incident 261124-037 --state accepted`.
receipt  says by hand what became of an event: `receipt --event event-123 --state seen`.

Only the standard library: a vendor may read it as the description of the interface. Python 3.11 or later.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import hmac
import json
import os
import re
import secrets
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

WINDOW_S = 300
LONGEST_BYTES = 262_144
KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")


def signature(key: bytes, moment: str, about: str, body: bytes) -> str:
    """`v1=` and HMAC-SHA256 over `moment.about.` and the body."""
    return "v1=" + hmac.new(key, f"{moment}.{about}.".encode() + body, hashlib.sha256).hexdigest()


class Store:
    """Every event once, in the order of arrival; told again, an event is answered as the first time."""

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, threading.Lock()
        self._digests: dict[str, str] = {}
        self._numbers: dict[str, int] = {}
        self._cases: dict[str, str] = {}
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
            self._remember(json.loads(line))

    def keep(self, key: str, body: bytes, event: dict[str, Any]) -> tuple[bool, str]:
        """Whether it is new, and the case number. Raises ValueError for a key that came with something else."""
        digest = hashlib.sha256(body).hexdigest()
        incident, number = event["incident"]["number"], event["event"]["number"]
        with self._lock:
            if key in self._digests:
                if self._digests[key] != digest:
                    raise ValueError("key_reused")
                return False, self._cases[incident]
            kept = {
                "key": key,
                "digest": digest,
                "at": datetime.now(UTC).isoformat(),
                "case": self._cases.get(incident) or f"P{len(self._cases) + 1:06d}",
                # An event that the sender had to give up leaves a gap; one that comes late would be a fault of his.
                "in_order": number > self._numbers.get(incident, 0),
                "event": event,
            }
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(kept, ensure_ascii=False) + "\n")
                file.flush()
                os.fsync(file.fileno())
            self._remember(kept)
            return True, kept["case"]

    def _remember(self, kept: dict[str, Any]) -> None:
        incident, number = kept["event"]["incident"]["number"], kept["event"]["event"]["number"]
        self._digests[kept["key"]] = kept["digest"]
        self._numbers[incident] = max(number, self._numbers.get(incident, 0))
        self._cases[incident] = kept["case"]


class Refused(Exception):
    """What a call is answered with instead."""

    def __init__(self, status: int, code: str) -> None:
        self.status, self.code = status, code
        super().__init__(code)


class Desk(BaseHTTPRequestHandler):
    """One call of ours. `shared` is the key, `store` what it got, `back` where to tell things, perhaps nowhere."""

    shared: bytes
    store: Store
    back: str

    def do_POST(self) -> None:
        try:
            key, body = self._checked()
            event = json.loads(body)
            new, case = self.store.keep(key, body, event)
        except Refused as refused:
            self._answer(refused.status, {"accepted": False, "code": refused.code})
            return
        except ValueError as wrong:
            code = "key_reused" if str(wrong) == "key_reused" else "content_refused"
            self._answer(422, {"accepted": False, "code": code})
            return
        except (KeyError, TypeError):
            self._answer(422, {"accepted": False, "code": "content_refused"})
            return
        self._answer(200, {"accepted": True, "id": key, "case": case})
        if new and self.back:
            self._send_receipt(key, case)

    def _checked(self) -> tuple[str, bytes]:
        length = int(self.headers.get("Content-Length") or 0)
        if length > LONGEST_BYTES:
            raise Refused(413, "too_big")
        body = self.rfile.read(length)
        key, moment = self.headers.get("Idempotency-Key", ""), self.headers.get("Wristband-Time", "")
        given = self.headers.get("Wristband-Signature", "").encode("latin-1", "replace")
        if not hmac.compare_digest(given, signature(self.shared, moment, key, body).encode()):
            raise Refused(401, "wrong_signature")
        if not moment.isdecimal() or abs(int(moment) - time.time()) > WINDOW_S:
            raise Refused(401, "wrong_time")
        if not KEY.fullmatch(key):
            raise Refused(422, "content_refused")
        return key, body

    def _answer(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _send_receipt(self, event: str, case: str) -> None:
        now = datetime.now(UTC).isoformat()
        status, answer = call(
            self.back, "receipts", self.shared, {"event": event, "state": "received", "case": case, "at": now}
        )
        if status != 200:
            print(f"receipt of {event}: {status} {answer}", file=sys.stderr, flush=True)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: addresses and bodies stay out of terminals."""


def call(back: str, kind: str, key: bytes, content: dict[str, Any], own_key: str = "") -> tuple[int, str]:
    """Tell the service something, signed; its status and answer. `kind` is `receipts` or `events`."""
    body, moment = json.dumps(content, ensure_ascii=False).encode(), str(int(time.time()))
    own_key = own_key or f"p-{secrets.token_hex(12)}"
    headers = {
        "Content-Type": "application/json",
        "Idempotency-Key": own_key,
        "Wristband-Time": moment,
        "Wristband-Signature": signature(key, moment, f"{kind}.{own_key}", body),
    }
    request = urllib.request.Request(f"{back.rstrip('/')}/platform/police/{kind}", body, headers)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310  an address of whoever starts this
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()
    except OSError as fault:
        return 0, str(fault)


def serve(asked: argparse.Namespace, key: bytes) -> int:
    Desk.shared, Desk.store, Desk.back = key, Store(asked.store), asked.back
    with ThreadingHTTPServer(("127.0.0.1", asked.port), Desk) as server:
        signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
        print(f"http://127.0.0.1:{server.server_port}/events", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()
    return 0


def tell(asked: argparse.Namespace, key: bytes) -> int:
    names = ("incident", "state", "disposition", "case", "words", "event", "code")
    content = {name: value for name in names if (value := getattr(asked, name, None))}
    content["at"] = datetime.now(UTC).isoformat()
    status, answer = call(asked.back, asked.kind, key, content, asked.key)
    print(status, answer)
    return 0 if status == 200 else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--key-file", type=Path, required=True, help="the secret shared with the service")
    parser.add_argument("--back", default="", help="the service's address, http://HOST:PORT")
    commands = parser.add_subparsers(required=True)
    serving = commands.add_parser("serve")
    serving.add_argument("--port", type=int, default=0)
    serving.add_argument("--store", type=Path, default=Path("platform.jsonl"))
    serving.set_defaults(do=serve)
    for command, kind, names in (
        ("tell", "events", ("incident", "state", "disposition", "case", "words")),
        ("receipt", "receipts", ("event", "state", "case", "code")),
    ):
        telling = commands.add_parser(command)
        for name in names:
            telling.add_argument(f"--{name}")
        telling.add_argument("--key", default="", help="the call's own Idempotency-Key, to send it again")
        telling.set_defaults(do=tell, kind=kind)
    asked = parser.parse_args()
    return int(asked.do(asked, asked.key_file.read_bytes().strip()))


if __name__ == "__main__":
    sys.exit(main())
