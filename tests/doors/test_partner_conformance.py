"""The interface against its own document: whatever is generated from it, right or wrong, is answered as it says."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig

from tests.doors.asking import ON_SQLITE
from tests.doors.partners import EVERYTHING, HOST
from tests.pagecheck import kept_from_everybody
from tests.world import World
from wristband.services import partnering
from wristband.services.partnering import Rights
from wristband.web.partner.document import document
from wristband.web.partner.operations import OPERATIONS

EXAMPLES = int(os.environ.get("CONFORMANCE_EXAMPLES", "4"))
"""Of each operation; by hand a thousand."""
_CALLS_A_KEY = 50
_PHASES = (Phase.explicit, Phase.generate)
_SEEN = st.characters(categories=("Lu", "Ll", "Lo", "Nd"), exclude_characters="\u115f\u1160\u3164\uffa0")
schemathesis.openapi.format("plain-text", st.text(_SEEN, min_size=1, max_size=20))
schemathesis.openapi.format(
    "allowed-address", st.from_regex(r"\Ahttps://hooks[.]example[.]org(/[a-z0-9]{1,20}){0,3}\Z")
)
# What the checks take for granted of every interface, and RFC 6585 and RFC 9110 say otherwise.
_CHECKS = {
    "missing_required_header": {"expected-statuses": [400, 401, 403, 406, 415, 422, 428]},
    "positive_data_acceptance": {"expected-statuses": ["2xx", 401, 403, 404, 409, 412, 429]},
    "negative_data_rejection": {"expected-statuses": [400, 401, 404, 405, 406, 409, 412, 415, 422, 428, 429]},
}


class Fresh:
    """The application as its server calls it: each request in a context of its own, with a key that is not spent."""

    def __init__(self, app: Flask, now: datetime) -> None:
        self._app, self._now = app, now
        self._calls, self._key = 0, ""
        self._names: list[str] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        with self._app.app_context():
            if environ.get("HTTP_AUTHORIZATION") == "Bearer ours":
                environ["HTTP_AUTHORIZATION"] = f"Bearer {self._unspent()}"
            return list(self._app(environ, start_response))

    def _unspent(self) -> str:
        if self._calls % _CALLS_A_KEY == 0:
            rights = Rights(f"示例单位{self._calls}", EVERYTHING, hosts=HOST)
            self._key = kept_from_everybody(partnering.add(rights, by="operator", now=self._now).key)
        self._calls += 1
        return self._key


@pytest.fixture
def api(app: Flask, world: World, mode: GenerationMode) -> Any:
    """The interface, by its own document; where wrong data is wanted, without what it says of keys.

    A key left out is looked at where everything else is right: here it would stand for the wrong that was asked for.
    """
    said = copy.deepcopy(document("zh-CN"))
    if mode is GenerationMode.NEGATIVE:
        del said["security"]
    schema = schemathesis.openapi.from_dict(said, config=SchemathesisConfig.from_dict({"checks": _CHECKS}))
    schema.app, schema.location = Fresh(app, world.now), "/api/v1/openapi.json"
    return schema


def _asked_for() -> Iterator[tuple[str, GenerationMode]]:
    """Every operation with what is right, and those that are given something with what is wrong."""
    for operation in OPERATIONS:
        yield operation.name, GenerationMode.POSITIVE
        if operation.body or operation.query or operation.once or operation.match or "{" in operation.path:
            yield operation.name, GenerationMode.NEGATIVE


@ON_SQLITE
@pytest.mark.parametrize(("name", "mode"), list(_asked_for()))
def test_every_answer_is_what_the_document_says(api: Any, name: str, mode: GenerationMode) -> None:
    operation = next(one.ok() for one in api.get_all_operations() if one.ok().definition.raw["operationId"] == name)

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), phases=_PHASES)
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case: schemathesis.Case[Any]) -> None:
        # A list or an object without anything in it is in no query: what is sent then is right.
        assume(all(value not in ([], {}) for value in (case.query or {}).values()))
        case.call_and_validate(headers={"Authorization": "Bearer ours"})

    check()
