"""Who stands before a board, and what they say on it."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from tests.services.keepsakes import reported
from tests.world import World, new_reference
from wristband.board import queries
from wristband.board.disclosure import ShownBoard
from wristband.board.models import Post
from wristband.board.rules import Phrase, Side
from wristband.db import db
from wristband.scans.queries import get_acted_scan
from wristband.services import posting, reaching
from wristband.services.posting import Said

HERE = Said(phrase=Phrase.WITH_ELDER)


def scan_of(reference: str) -> int:
    return get_acted_scan(reference).id


def say(reference: str, said: Said | str, now: datetime, key: str = "") -> int:
    """The finder says it, in a form of its own unless a key is given."""
    told = Said(words=said) if isinstance(said, str) else said
    return posting.post_as_finder(reference, key or new_reference(), told, now=now)


def answer(world: World, reference: str, said: Said | str, now: datetime, *, upto: int = 0) -> int:
    """The daughter says it."""
    told = Said(words=said, upto=upto) if isinstance(said, str) else said
    return posting.post_as_guardian(scan_of(reference), new_reference(), told, guardian_id=world.daughter_id, now=now)


def called_and_reported(world: World, now: datetime) -> tuple[str, int]:
    """A finder who has told the family and the police. The scan's reference, and the incident."""
    reference, incident_id = reported(world, now)
    reaching.tell_family(reference, world.her.serial, language="zh-CN", low_trust=False, now=now)
    return reference, incident_id


def shown(reference: str, side: Side, now: datetime, *, reader_id: int | None = None) -> ShownBoard:
    db.session.rollback()
    return queries.show(get_acted_scan(reference), side, reader_id=reader_id, now=now)


def said_on(reference: str, now: datetime) -> list[str]:
    """Every post's words or phrase, as the family reads them."""
    return [post.words or str(post.phrase) for post in shown(reference, Side.FAMILY, now).posts]


def posts() -> list[Post]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Post).order_by(Post.scan_id, Post.number)))
