"""Which host a request may name: in production one of ours, since the browser's Origin is compared with it."""

from __future__ import annotations

from flask import Flask, request

from wristband.config import Settings
from wristband.errors import Refusal

# A balancer asks by the address of this machine, and is told nothing.
_ASKED_BY_ADDRESS = "health"


def attach(app: Flask) -> None:
    ours: Settings = app.extensions["settings"]
    if not ours.production:  # a demonstration is opened by whatever address a phone in the room reaches it by
        return

    @app.before_request
    def _one_of_ours() -> None:
        if request.host.lower() not in ours.hosts and request.blueprint != _ASKED_BY_ADDRESS:
            raise Refusal("page.other_host")
