"""What services are tested with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine

from tests.services.post import START


@pytest.fixture
def clockwork() -> Iterator[time_machine.Traveller]:
    """A clock that stands still at START until the test moves it."""
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def doors() -> tuple[str, ...]:
    """None: nobody knocks here."""
    return ()
