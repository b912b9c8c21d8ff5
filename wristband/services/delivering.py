"""Delivering: due messages are claimed, handed to a gateway outside any transaction, and settled."""

from __future__ import annotations

import json
import os
import random
import secrets
import socket
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy.exc import SQLAlchemyError

from wristband import clock
from wristband.db import db, transaction
from wristband.gateways.contract import GatewayFault, Handover, Receipt
from wristband.house import house
from wristband.outbox import bell, leases, links, queries, rules
from wristband.outbox.leases import Attempt
from wristband.outbox.models import Message
from wristband.outbox.rules import MessageState, Outcome
from wristband.partners import webhooks
from wristband.sealing import Erased, SealBroken

log = structlog.get_logger(__name__)

HANDS = 64
"""Messages in gateways' hands at once: one slow answer keeps only its own hand. A provider takes a fifth of a second to
answer, so that 300 messages a second need sixty."""
SWEEP_EVERY = timedelta(seconds=10)
LOOK_EVERY = timedelta(seconds=1)
"""The worker looks this often even when no bell rings."""
_SLICE_S = 0.05
_IDLE_SLICE_S = 0.2
_DATABASE_PAUSE_S = 1.0


class Taker(Protocol):
    """What a worker hands messages to: a gateway, or several of one channel with their order."""

    def hand_over(self, handover: Handover) -> Receipt: ...


@dataclass(frozen=True)
class Tally:
    """What a worker did: messages handed over, tries that failed in passing, messages stopped."""

    delivered: int = 0
    retried: int = 0
    stopped: int = 0
    lease_lost: int = 0
    """Attempts that ended after their lease had passed on; the new holder settles those messages."""


class Worker:
    """Hands owed messages to gateways; several may share one database. Use it in one thread, inside an app context.

    `gateways` are by the channel's name. A lease must outlast a gateway's time-out several times over. `between` is
    called with the time after every step, for small work that has its own rhythm.
    """

    def __init__(
        self,
        gateways: Mapping[str, Taker],
        *,
        lease_s: int,
        hands: int = HANDS,
        between: Callable[[datetime], None] = lambda now: None,
    ) -> None:
        self.name = f"{socket.gethostname()[:24]}-{os.getpid()}-{secrets.token_hex(3)}"
        self._gateways = gateways
        self._lease = timedelta(seconds=lease_s)
        self._hands = hands
        self._between = between
        self._claims = 0
        self._in_flight: set[Future[Attempt]] = set()
        self._ended: list[Attempt] = []
        self._through: set[rules.Channel] = set()  # by which something went out since the last sweep
        self._look_at = self._sweep_at = clock.now()
        self._random = random.SystemRandom()
        self.tally = Tally()

    def run(self, until: threading.Event) -> Tally:
        """Deliver until told to stop; then finish what is in hand, settle it, and tell what was done."""
        log.info("worker_started", worker=self.name, hands=self._hands, lease_s=self._lease.total_seconds())
        with ThreadPoolExecutor(self._hands, "hand") as pool, closing(bell.listen(db.engine)) as doorbell:
            while not until.is_set():
                try:
                    self._step(pool)
                except SQLAlchemyError as error:
                    log.error("database_failed", worker=self.name, exc_info=error)
                    until.wait(_DATABASE_PAUSE_S)
                self._rest(doorbell)
            log.info("worker_stopping", worker=self.name, in_hand=len(self._in_flight))
            wait(self._in_flight)
            self._finish()
        log.info("worker_stopped", worker=self.name, **vars(self.tally))
        return self.tally

    def drain(self) -> Tally:
        """Deliver until nothing is due, and tell what was done. What waits for a later try goes on waiting."""
        with ThreadPoolExecutor(self._hands, "hand") as pool:
            while True:
                self._look_at = clock.now()
                self._step(pool)
                if not self._in_flight and not self._is_any_due(clock.now()):
                    return self.tally
                wait(self._in_flight, timeout=_SLICE_S, return_when=FIRST_COMPLETED)

    def _step(self, pool: ThreadPoolExecutor) -> None:
        self._collect()
        now = clock.now()
        if self._ended or (_reached(self._look_at, now, LOOK_EVERY) and self._is_any_due(now)):
            for message, words in self._settle_and_claim():
                self._in_flight.add(pool.submit(_hand_over, self._gateways, message, words))
        if _reached(self._sweep_at, now, SWEEP_EVERY):  # after settling: what ended in time is no lapsed lease
            self._sweep()
        self._between(now)

    def _settle_and_claim(self) -> list[tuple[Message, Handover | SealBroken]]:
        """One transaction for both: half the syncs. What is not committed stays and is settled with the next step.

        The words are opened here: their keys are in the database, which no hand touches.
        """
        self._claims += 1
        lease, free = f"{self.name}.{self._claims}", self._hands - len(self._in_flight)
        with transaction():
            now = clock.now()
            tally = self._settle()
            claimed = leases.claim(lease=lease, until=now + self._lease, limit=free, now=now)
            messages = [(message, _opened(message)) for message in claimed]
            for message in claimed:
                db.session.expunge(message)  # any thread may read it from here on
        self._ended.clear()
        self.tally = tally
        self._look_at = clock.now()
        return messages

    def _rest(self, doorbell: bell.Bell) -> None:
        """Sleep until something ends, is due, or rings."""
        if self._in_flight:
            wait(self._in_flight, timeout=_SLICE_S, return_when=FIRST_COMPLETED)
            rang = doorbell.wait(0)
        else:
            until_look_s = (self._look_at - clock.now()).total_seconds()
            rang = doorbell.wait(min(_IDLE_SLICE_S, max(0.0, until_look_s)))
        if rang:
            self._look_at = clock.now()

    def _sweep(self) -> None:
        now = clock.now()
        with transaction():
            freed, expired, misdated = leases.free_lapsed(now), leases.stop_expired(now), leases.hasten_misdated(now)
            passed, superseded = leases.let_pass(self._through), leases.stop_superseded(self._through, now)
        self._sweep_at = now + SWEEP_EVERY
        self._through.clear()
        if passed:
            log.warning("message_overtaken", worker=self.name, messages=passed)
        if superseded:
            log.error("message_superseded", worker=self.name, messages=superseded)
        if freed or expired or misdated or superseded:
            log.warning("swept", worker=self.name, leases_freed=freed, expired=expired, misdated=misdated)
            self._look_at = now
            self.tally = replace(self.tally, stopped=self.tally.stopped + expired + superseded)

    def _finish(self) -> None:
        self._collect()
        if self._ended:
            with transaction():
                tally = self._settle()
            self.tally = tally

    def _is_any_due(self, now: datetime) -> bool:
        """Whether to claim; reading first, so that an idle worker takes no writer's turn."""
        if len(self._in_flight) >= self._hands:
            return False
        try:
            if queries.is_any_due(now):
                return True
            next_due_at = queries.find_next_due_at(now)
        finally:
            db.session.rollback()
        latest = now + LOOK_EVERY
        self._look_at = min(latest, next_due_at) if next_due_at else latest
        return False

    def _collect(self) -> None:
        ended = {future for future in self._in_flight if future.done()}
        self._in_flight -= ended
        self._ended += [future.result() for future in ended]

    def _settle(self) -> Tally:
        """Settle every attempt that ended, in the caller's transaction, and count them in."""
        settlements = [(attempt, self._following(attempt)) for attempt in self._ended]
        moved = leases.settle(settlements)
        tally = self.tally
        for attempt, following in settlements:
            mine = attempt.message.id in moved
            # That one partner's webhook takes its events says nothing of another's.
            if attempt.outcome is Outcome.ACCEPTED and attempt.message.channel is not rules.Channel.WEBHOOK:
                self._through.add(attempt.message.channel)
            tally = _counted(tally, following.state if mine else None)
            if not mine:
                log.warning("lease_lost", worker=self.name, message=attempt.message.id)
            elif following.state is MessageState.STOPPED:
                log.error("message_stopped", message=attempt.message.id, code=attempt.code)
        return tally

    def _following(self, attempt: Attempt) -> rules.Next:
        message = attempt.message
        return rules.after(
            attempt.outcome,
            attempts=message.attempts,
            owed_at=message.owed_at,
            expires_at=message.expires_at,
            now=attempt.ended_at,
            jitter=self._random.uniform(-1, 1),
        )


def _reached(moment: datetime, now: datetime, longest: timedelta) -> bool:
    """Whether `moment` has come; one more than `longest` ahead was noted before the clock was set back."""
    return not now < moment <= now + longest


def _hand_over(gateways: Mapping[str, Taker], message: Message, words: Handover | SealBroken) -> Attempt:
    """One attempt, in a thread that touches no database."""
    began_at = clock.now()
    gateway = gateways.get(message.channel)
    attempt = Attempt(message, "", began_at, began_at, Outcome.PASSING)
    if gateway is None:
        return replace(attempt, code="no_gateway")
    if message.leased_until is None or began_at >= message.leased_until:
        return replace(attempt, code="began_late")  # the machine slept; somebody else has it by now
    if isinstance(words, SealBroken):
        return replace(
            attempt, code=words.code, outcome=Outcome.PERMANENT if isinstance(words, Erased) else attempt.outcome
        )
    try:
        receipt = gateway.hand_over(replace(words, at=began_at))
    except GatewayFault as fault:
        outcome = Outcome.PERMANENT if fault.permanent else Outcome.PASSING
        return replace(attempt, gateway=fault.gateway, ended_at=clock.now(), outcome=outcome, code=fault.code)
    return replace(
        attempt,
        gateway=receipt.gateway,
        ended_at=clock.now(),
        outcome=Outcome.ACCEPTED,
        receipt=receipt.reference,
    )


def _opened(message: Message) -> Handover | SealBroken:
    """What a gateway is handed; the seal's own refusal where it does not open."""
    try:
        return Handover(
            message_id=message.id,
            idempotency_key=f"message-{message.id}",
            kind=message.channel,
            wording=message.wording,
            language=message.language,
            recipient=_recipient(message),
            body=message.body,
            at=message.owed_at,
            facts=json.loads(message.facts) if message.facts else {},
            link=_link(message),
            again=message.attempts > 1,
        )
    except SealBroken as broken:
        return broken


def _recipient(message: Message) -> str:
    """Where it goes; of a webhook, where it leads and is signed with now: both may have changed since it was owed."""
    if message.channel is rules.Channel.WEBHOOK:
        return webhooks.dial(message.recipient, now=clock.now())
    recipient: str = message.recipient
    return recipient


def _link(message: Message) -> str:
    """Where its receiver says that they have seen it; only about a finder's call, and where the channel carries it."""
    if message.channel not in rules.LINKED or message.reach_id is None:
        return ""
    return f"{house().settings.base_url}/family/a/{links.make(message.id, house().ring.all('forms'))}"


def _counted(tally: Tally, state: MessageState | None) -> Tally:
    return Tally(
        delivered=tally.delivered + (state is MessageState.DELIVERED),
        retried=tally.retried + (state is MessageState.PENDING),
        stopped=tally.stopped + (state is MessageState.STOPPED),
        lease_lost=tally.lease_lost + (state is None),
    )
