"""What gateways are tested against."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.gateways import fake_wire
from tests.gateways.post_office import Office, Opens, PostOffice, open_office
from tests.gateways.rigs import RECEIPT_SECRET, secret_file


@pytest.fixture
def wire() -> Iterator[fake_wire.FakeWire]:
    with fake_wire.serving() as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the file and its secrets lie."""
    secret_file(tmp_path, "aliyun.secret", "secret-of-aliyun")
    secret_file(tmp_path, "tencent.secret", "secret-of-tencent")
    secret_file(tmp_path, "twilio.secret", "secret-of-twilio")
    secret_file(tmp_path, "calls.secret", "secret-of-the-calls-gateway-32-bytes")
    secret_file(tmp_path, "receipts.secret", RECEIPT_SECRET)
    return tmp_path


@pytest.fixture
def office() -> PostOffice:
    """What a mail server takes, and what it is told to say."""
    return PostOffice()


@pytest.fixture
def opened(office: PostOffice) -> Iterator[Opens]:
    """`opened()`: that server, running until the test is over."""
    running: list[Office] = []

    def open_one(**options: Any) -> Office:
        running.append(open_office(office, **options))
        return running[-1]

    yield open_one
    for controller in running:
        controller.stop()
