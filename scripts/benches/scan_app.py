"""Three applications behind one server, so that they are measured side by side: constant, template, and ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, render_template
from jinja2 import DictLoader

from wristband import create_app

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_plain = Flask("template")
_plain.jinja_loader = DictLoader({"page.html": "<!doctype html><title>{{ title }}</title>" + "<p>{{ words }}</p>" * 40})


@_plain.get("/template")
def _template() -> str:
    return render_template("page.html", title="A constant page", words="The same words for everybody.")


def _constant(_environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    body = b"The same string for everybody."
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


_ours = create_app()
_apps: dict[str, Wsgi] = {"/constant": _constant, "/template": _plain.wsgi_app}


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    return _apps.get(environ["PATH_INFO"], _ours.wsgi_app)(environ, start_response)
