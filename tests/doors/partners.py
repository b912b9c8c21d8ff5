"""Partners in the tests: one that may do everything everywhere, and how it calls."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.pagecheck import kept_from_everybody
from wristband.partners.rules import Scope
from wristband.services import partnering
from wristband.services.partnering import Rights

HOST = "hooks.example.org"
EVERYTHING = tuple(scope.value for scope in Scope)


@dataclass
class Caller:
    """A partner's system."""

    client: FlaskClient
    partner_id: int
    key: str

    def headers(self, **more: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}", **{name.replace("_", "-"): text for name, text in more.items()}}

    def get(self, path: str, **more: str) -> TestResponse:
        return self.client.get(f"/api/v1{path}", headers=self.headers(**more))

    def post(self, path: str, body: Any = None, *, key: str = "", **more: str) -> TestResponse:
        """With a new Idempotency-Key where none is given."""
        headers = self.headers(Idempotency_Key=key or secrets.token_hex(12), **more)
        return self.client.post(f"/api/v1{path}", json=body, headers=headers)

    def put(self, path: str, body: Any, **more: str) -> TestResponse:
        return self.client.put(f"/api/v1{path}", json=body, headers=self.headers(**more))

    def delete(self, path: str, **more: str) -> TestResponse:
        return self.client.delete(f"/api/v1{path}", headers=self.headers(**more))


def partner(
    client: FlaskClient,
    now: datetime,
    *,
    name: str = "示例热线",
    scopes: Iterable[str] = EVERYTHING,
    station_id: int | None = None,
    district: str = "",
    hosts: str = HOST,
) -> Caller:
    made = partnering.add(Rights(name, scopes, station_id, district, hosts), by="operator", now=now)
    return Caller(client, made.partner_id, kept_from_everybody(made.key))
