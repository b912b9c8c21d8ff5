"""Keys renewed under a running service, worker and all: who holds an open page does not notice."""

from __future__ import annotations

import contextlib
import re
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

from tests.server import Server
from wristband.keys import PURPOSES


def _ask(server: Server, method: str, path: str, fields: dict[str, str] | None = None) -> tuple[int, str, str]:
    """Status, where the answer leads, and its page."""
    with contextlib.closing(HTTPConnection(urlsplit(server.base_url).netloc, timeout=30)) as line:
        typed = {"Content-Type": "application/x-www-form-urlencoded"} if fields else {}
        line.request(method, path, urlencode(fields or {}), typed)
        answer = line.getresponse()
        return answer.status, answer.headers.get("Location", ""), answer.read().decode()


def _tap(server: Server, page: str) -> str:
    """Tell the family from an opened page; where the answer leads."""
    action = re.search(r'action="(/s/[^/"]+/family)"', page)
    assert action
    fields = dict(re.findall(r'<input type="hidden" name="(band|stamp)" value="([^"]*)"', page))
    status, location, _ = _ask(server, "POST", action[1], fields)
    assert status == 303
    return location


def _get(server: Server, path: str) -> str:
    status, _, page = _ask(server, "GET", path)
    assert status == 200
    return page


def test_keys_are_renewed_moved_and_checked_while_the_service_runs(server: Server) -> None:
    link = re.search(r"/t/[0-9A-Z]{25}", server.printed, re.IGNORECASE)
    assert link
    token = link[0].replace("/T/", "/t/")
    opened = _get(server, token)
    told = _tap(server, opened)
    for purpose in PURPOSES:
        server.run("keys", "rotate", purpose)
    assert server.run("keys", "rewrap").returncode == 0  # waits until the new keys write
    checked = server.run("keys", "check").stdout
    for purpose in PURPOSES:
        assert re.search(rf"{purpose}-2  \d+ 项  在用", checked)
    assert re.search(r"fields-1  0 项  可以删除", checked)
    assert _tap(server, opened) == told
    assert "家人" in _get(server, told)
    assert _tap(server, _get(server, token)) != told
    log = (server.folder / "serve.log").read_text()
    for key in (path.read_text().strip() for path in (server.folder / "keys").glob("*.key")):
        assert key not in log + checked + server.printed
