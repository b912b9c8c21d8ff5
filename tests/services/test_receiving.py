"""Receiving: what a gateway's provider tells is kept once, and only what is new is given on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from flask import Flask

from wristband.db import db
from wristband.outbox.models import Arrived
from wristband.services import receiving
from wristband.values.arrival import Arrival, ArrivalState

NOW = datetime(2026, 11, 24, 6, 5, tzinfo=UTC)
ONE = Arrival("r-1", ArrivalState.ARRIVED, NOW - timedelta(minutes=1), "delivrd")


def kept() -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(Arrived)) or 0


def test_what_is_told_is_kept_as_it_is_told(app: Flask) -> None:
    assert receiving.receive("sms", [ONE], now=NOW) == [ONE]
    db.session.rollback()
    row = db.session.scalars(sa.select(Arrived)).one()
    assert (row.gateway, row.reference, row.state, row.code) == ("sms", "r-1", ArrivalState.ARRIVED, "delivrd")
    assert (row.at, row.kept_at) == (ONE.at, NOW)


def test_the_same_from_the_same_gateway_is_kept_once(app: Flask) -> None:
    later = Arrival("r-1", ArrivalState.ARRIVED, NOW, "again")
    assert receiving.receive("sms", [ONE, ONE], now=NOW) == [ONE]
    assert receiving.receive("sms", [later], now=NOW + timedelta(hours=1)) == []
    assert kept() == 1


def test_another_state_and_another_gateway_are_news(app: Flask) -> None:
    receiving.receive("voice", [ONE], now=NOW)
    pressed = Arrival("r-1", ArrivalState.ACKNOWLEDGED, NOW)
    assert receiving.receive("voice", [pressed, ONE], now=NOW) == [pressed]
    assert receiving.receive("sms", [ONE], now=NOW) == [ONE]
    assert kept() == 3


def test_nothing_told_is_nothing_done(app: Flask) -> None:
    assert receiving.receive("sms", [], now=NOW) == []
    assert kept() == 0
