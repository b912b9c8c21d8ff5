"""Owing messages: rows of the deed that owes them, once for each key."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.services.post import (
    DAUGHTER,
    SON,
    START,
    all_at_once,
    count_messages,
    deliveries,
    message,
    owe,
    owe_code,
)
from wristband import clock
from wristband.db import db, transaction
from wristband.outbox.models import Channel, Delivery, Message, MessageState
from wristband.outbox.queue import enqueue

pytestmark = pytest.mark.usefixtures("app")


def test_a_message_owed_is_a_row_of_the_deed_that_owes_it() -> None:
    owe()
    assert message().state is MessageState.PENDING
    assert message().body.startswith("【同安黄手环】您守护的手环（尾号 7QK）于 14:05 有人求助")


def test_a_deed_undone_owes_nothing() -> None:
    def failing_deed() -> None:
        with transaction():
            facts = {"organisation": "同安黄手环", "code": "482913"}
            enqueue(
                key="k",
                channel=Channel.SMS,
                wording="sign_in_code",
                language="zh-CN",
                recipient=DAUGHTER,
                facts=facts,
                at=clock.now(),
            )
            raise LookupError

    with pytest.raises(LookupError):
        failing_deed()
    assert count_messages() == 0


def test_owing_a_key_twice_is_owing_it_once() -> None:
    assert owe() is not None
    assert owe(recipient=SON) is None
    assert count_messages() == 1
    assert message().recipient == DAUGHTER


def test_owing_a_key_twice_in_one_deed_leaves_the_deed_whole() -> None:
    with transaction():
        for _ in range(2):
            enqueue(
                key="k",
                channel=Channel.SMS,
                wording="sign_in_code",
                language="zh-CN",
                recipient=DAUGHTER,
                facts={"organisation": "同安黄手环", "code": "482913"},
                at=clock.now(),
            )
        db.session.add(Delivery(message_id=_only_id(), gateway="", began_at=START, ended_at=START, outcome="accepted"))
    assert count_messages() == 1
    assert len(deliveries()) == 1


def _only_id() -> int:
    return db.session.scalars(sa.select(Message.id)).one()


def test_many_deeds_owing_one_key_at_once_owe_it_once(app: Flask) -> None:
    start = threading.Barrier(6)
    owed: list[bool] = []

    def deed() -> None:
        with app.app_context():
            start.wait()
            owed.append(owe() is not None)
            db.session.remove()

    all_at_once([deed] * 6)
    assert sorted(owed) == [False] * 5 + [True]
    assert count_messages() == 1


def test_neither_recipient_nor_words_lie_readable_in_the_table() -> None:
    owe_code()
    kept = " ".join(str(value) for value in db.session.execute(sa.text("SELECT * FROM message")).one())
    assert "13800138000" not in kept
    assert "482913" not in kept
