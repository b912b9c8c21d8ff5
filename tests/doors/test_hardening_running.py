"""The running service on its port: no banner, and one reading of where a request ends."""

from __future__ import annotations

import re
import socket
import time
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from tests.server import Server

FORM = b"Host: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
HIDDEN = b"GET /police HTTP/1.1\r\nHost: localhost\r\n\r\n"
# What one server would read as one request and another as two.
AMBIGUOUS = {
    "two lengths": b"POST /b HTTP/1.1\r\n" + FORM + b"Content-Length: 5\r\nContent-Length: 50\r\n\r\ncode=" + HIDDEN,
    "length and chunks": b"POST /b HTTP/1.1\r\n"
    + FORM
    + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    + HIDDEN,
    "an odd coding": b"POST /b HTTP/1.1\r\n" + FORM + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "a length with a sign": b"POST /b HTTP/1.1\r\n" + FORM + b"Content-Length: +5\r\n\r\ncode=" + HIDDEN,
    "a blank before the colon": b"POST /b HTTP/1.1\r\n" + FORM + b"Content-Length : 5\r\n\r\ncode=" + HIDDEN,
    "a NUL in a header": b"GET / HTTP/1.1\r\nHost: localhost\r\nX: a\x00b\r\n\r\n" + HIDDEN,
}


def _ask(server: Server, request: bytes) -> bytes:
    address = urlsplit(server.base_url)
    with socket.create_connection((address.hostname, address.port), timeout=20) as line:
        line.sendall(request)
        line.shutdown(socket.SHUT_WR)
        answer = b""
        while part := line.recv(65_536):
            answer += part
    return answer


def test_no_answer_names_a_version_of_anything(server: Server) -> None:
    for path in (b"/", b"/nothing", b"/static/base.css", b"/family"):
        head = _ask(server, b"GET %b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % path)
        head = head.partition(b"\r\n\r\n")[0]
        named = re.findall(rb"(?im)^(?:server|via|x-powered-by):.*$", head)
        assert not [line for line in named if re.search(rb"\d|python|werkzeug|flask", line, re.I)]


@pytest.mark.parametrize("kind", AMBIGUOUS)
def test_a_request_that_could_be_two_is_refused_and_never_answered_twice(server: Server, kind: str) -> None:
    answer = _ask(server, AMBIGUOUS[kind])
    assert answer.count(b"HTTP/1.1 ") <= 1
    assert not answer.startswith((b"HTTP/1.1 2", b"HTTP/1.1 3"))


def test_a_request_that_is_none_leaves_no_secret_of_its_path_in_the_log(server: Server) -> None:
    token = b"000000000000A0000ZZZZZZZZ"
    for line in (
        b"GET /t/%b HTTP/9.9",
        b"GET /t/%b",
        b"/t/%b GET HTTP/1.1",
        b"G ET /t/%b HTTP/1.1",
        b"GET /t/%b HTTP/1.1 X",
    ):
        _ask(server, line % token + b"\r\nHost: localhost\r\n\r\n")
    _ask(server, b"GET / HTTP/1.1\r\nHost: localhost\r\nReferer /t/%b\r\n\r\n" % token)
    assert token not in (server.folder / "serve.log").read_bytes()


# More than the service has threads.
SLOW = 80
_FORM_HEAD = b"POST /b HTTP/1.1\r\n" + FORM + b"Connection: close\r\nContent-Length: %d\r\n\r\n"


def _line(server: Server) -> socket.socket:
    address = urlsplit(server.base_url)
    return socket.create_connection((address.hostname, address.port), timeout=20)


def test_forms_that_never_come_whole_keep_no_page_from_opening(server: Server) -> None:
    with ExitStack() as lines:
        for _ in range(SLOW):
            lines.enter_context(line := _line(server))
            line.sendall(_FORM_HEAD % 5000 + b"code=")
        for path in (b"/b", b"/healthz", b"/b"):
            answer = _ask(server, b"GET %b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % path)
            assert answer.startswith(b"HTTP/1.1 200")


def test_a_form_that_comes_in_two_pieces_is_read_whole(server: Server) -> None:
    body = b"code=" + b"x" * 40
    with _line(server) as line:
        line.sendall(_FORM_HEAD % len(body) + body[:20])
        time.sleep(1)  # longer than a form in one piece may take
        line.sendall(body[20:])
        answer = line.recv(65_536)
    assert answer.startswith(b"HTTP/1.1 422")
