"""For a phone without network: the page and the worker that keep a tap until it can be sent."""

from __future__ import annotations

import json
from pathlib import Path

from flask import Response, current_app, render_template

from wristband.language import LANGUAGES
from wristband.web.filters import digest
from wristband.web.finder import finder
from wristband.web.guards import anyone

# What the page without network is made of; nothing else is ever kept by the worker.
_SHELL = ("base.css", "finder.css", "base.js", "finder_store.js", "keep.js", "finder.js", "icon.svg")
_SCRIPTS = ("finder_store.js", "finder_sw.js")


@finder.get("/s/offline")
@anyone
def offline() -> str:
    """The same page for everybody: it knows of nobody, and its script takes the scan from the address it stands at."""
    return render_template("finder/offline.html", door="finder")


@finder.get("/s/sw.js")
@anyone
def service_worker() -> Response:
    """The worker of the finder's pages. Its first line says what the shell is: a new one replaces the old."""
    files = [f"{current_app.static_url_path}/{name}?v={digest(name)}" for name in _SHELL]
    shell = {"pages": [f"/s/offline?lang={tag}" for tag in LANGUAGES], "files": files}
    folder = Path(str(current_app.static_folder))
    scripts = [f"self.wristbandShell = {json.dumps(shell)};", *((folder / name).read_text() for name in _SCRIPTS)]
    return Response("\n".join(scripts), mimetype="text/javascript")
