"""Who finds a costly gate full is told so before anything else is done: no cookie, no form, no page is worked on.

A flood of passwords costs a few hundredths of a millisecond each: an honest report beside it is answered in time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from flask import Flask
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from wristband.accounts import hashing
from wristband.errors import Unavailable
from wristband.web.errors import answer_to
from wristband.web.language import spoken

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

# The address of the form behind the gate, whether the gate is full, and what is told then.
_GATES: dict[str, tuple[Callable[[], bool], str]] = {"/police/sign-in": (hashing.is_full, "accounts.busy")}


class Turnstile:
    """A WSGI application before ours, for the forms of _GATES; its answers are drawn once for each language."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._inner: WSGIApplication = app.wsgi_app
        self._drawn: dict[tuple[str, ...], tuple[str, list[tuple[str, str]], bytes]] = {}

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        gate = _GATES.get(environ["PATH_INFO"]) if environ["REQUEST_METHOD"] == "POST" else None
        if gate is None or not gate[0]():
            return self._inner(environ, start_response)
        status, headers, body = self._refusal(environ, gate[1])
        start_response(status, headers[:])
        return [body]

    def _refusal(self, environ: dict[str, Any], code: str) -> tuple[str, list[tuple[str, str]], bytes]:
        asked = parse_qs(environ.get("QUERY_STRING", "")[:200]).get("lang", [""])[0]
        language = spoken(asked, parse_accept_header(environ.get("HTTP_ACCEPT_LANGUAGE", "")[:200], LanguageAccept))
        key = (environ["PATH_INFO"], environ["wsgi.url_scheme"], language, "lang" if language == asked else "")
        if key not in self._drawn:
            self._drawn[key] = self._draw(*key, code)
        return self._drawn[key]

    def _draw(
        self, path: str, scheme: str, language: str, asked: str, code: str
    ) -> tuple[str, list[tuple[str, str]], bytes]:
        """The refusal as any page is answered, headers and all, to somebody without a cookie."""
        said: dict[str, Any] = {"headers": {"Accept-Language": language}}
        if asked:
            said["query_string"] = {"lang": language}
        with self._app.test_request_context(path, f"{scheme}://localhost", method="POST", **said) as context:
            response = self._app.process_response(answer_to(Unavailable(code)))
            headers = response.get_wsgi_headers(context.request.environ)
            return response.status, headers.to_wsgi_list(), response.get_data()
