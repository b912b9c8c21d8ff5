"""What gateways are tested against."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gateways import fake_wire


@pytest.fixture
def wire() -> Iterator[fake_wire.FakeWire]:
    with fake_wire.serving() as server:
        yield server
