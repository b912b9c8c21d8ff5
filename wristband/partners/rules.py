"""What a partner may do, how long its keys hold, how often it may call, and where it may be told of events."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from wristband.errors import BadValue, NotAllowed
from wristband.outbox.rules import MessageState
from wristband.values.budget import Budget, Fails
from wristband.values.web_address import is_public_https


class Scope(StrEnum):
    """One right of a partner's; none includes another."""

    STATIONS_READ = "stations:read"
    INCIDENTS_READ = "incidents:read"
    INCIDENTS_REPORT = "incidents:report"
    BANDS_CHECK = "bands:check"
    ELDERS_WRITE = "elders:write"
    WEBHOOKS_MANAGE = "webhooks:manage"
    PFIF_READ = "pfif:read"
    PFIF_WRITE = "pfif:write"
    PFIF_FULL = "pfif:full"
    CAP_READ = "cap:read"


class Event(StrEnum):
    """What a webhook is told of; each names its subject by id, and what became of it is read through the API."""

    INCIDENT_OPENED = "incident.opened"
    INCIDENT_CHANGED = "incident.changed"
    INCIDENT_ACCEPTED = "incident.accepted"
    INCIDENT_CLOSED = "incident.closed"
    RELEASE_CHANGED = "release.changed"
    ELDER_CONFIRMED = "elder.confirmed"
    ELDER_DECLINED = "elder.declined"
    TEST = "webhook.test"


CHOSEN_EVENTS = tuple(event for event in Event if event is not Event.TEST)
"""What a webhook may ask for; a test comes to every one."""


class WebhookEnd(StrEnum):
    """Why a webhook is told nothing any more."""

    FAILING = "failing"
    GONE = "gone"
    """Its receiver has said so, with status 410."""


class ProposalState(StrEnum):
    """How far a community's registration of an elder came."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    EXPIRED = "expired"


def _(text: str) -> str:
    return text


SCOPE_WORDS: dict[Scope, str] = {
    Scope.STATIONS_READ: _("查派出所"),
    Scope.INCIDENTS_READ: _("看自己报的、或公布给它的警情进展"),
    Scope.INCIDENTS_REPORT: _("替发现人报警"),
    Scope.BANDS_CHECK: _("查手环编号是不是本站的、还在不在用"),
    Scope.ELDERS_WRITE: _("替社区登记老人（家人确认后才生效）"),
    Scope.WEBHOOKS_MANAGE: _("自己管理 webhook"),
    Scope.PFIF_READ: _("读取公布的走失信息（PFIF）"),
    Scope.PFIF_WRITE: _("送来走失信息（PFIF）"),
    Scope.PFIF_FULL: _("读取走失信息里的联系电话（PFIF）"),
    Scope.CAP_READ: _("读取走失广播（CAP）"),
}
EVENT_WORDS: dict[Event, str] = {
    Event.INCIDENT_OPENED: _("警情已立"),
    Event.INCIDENT_CHANGED: _("警情有变化"),
    Event.INCIDENT_ACCEPTED: _("警情已受理"),
    Event.INCIDENT_CLOSED: _("警情已办结"),
    Event.RELEASE_CHANGED: _("公布或收回"),
    Event.ELDER_CONFIRMED: _("家人已确认登记"),
    Event.ELDER_DECLINED: _("家人没有同意登记"),
    Event.TEST: _("测试"),
}
END_WORDS: dict[WebhookEnd, str] = {
    WebhookEnd.FAILING: _("连续多条消息都送不到，已停用"),
    WebhookEnd.GONE: _("对方说这个地址不再使用（410），已停用"),
}

NAME_MAX = 80
KEY_LASTS_DAYS = 365
KEY_LASTS_MOST_DAYS = 730
KEYS_AT_ONCE = 2
"""Of one partner: the old one and its successor, while the partner changes over."""
OVERLAP = timedelta(days=7)
"""So long the old key or secret holds beside the new one."""
SECRETS_AT_ONCE = 2
WEBHOOKS_A_PARTNER = 5
HOSTS_A_PARTNER = 10
CALL_KEPT = timedelta(hours=24)
"""So long an Idempotency-Key is remembered with its answer."""
SEEN_AFTER_CLOSING = timedelta(hours=24)
"""So long whoever reported an incident can read how it ended; what was released to it is shut at once."""
PROPOSAL_LASTS = timedelta(days=30)
STOPPED_IN_A_ROW = 3
"""Messages given up one after the other, each after its 72 hours; then a webhook is disabled."""
DELIVERIES_SHOWN = 50
LAST_USED_EVERY = timedelta(minutes=1)

CALLS = Budget("partner.calls", burst=120, every_s=0.5, fails=Fails.CLOSED, refusal="partners.spent")
REPORTS = Budget("partner.reports", burst=60, every_s=20, fails=Fails.OPEN, refusal="partners.spent")
CHECKS = Budget("partner.checks", burst=60, every_s=20, fails=Fails.CLOSED, refusal="partners.spent")
PROPOSALS = Budget("partner.proposals", burst=60, every_s=60, fails=Fails.CLOSED, refusal="partners.spent")
TESTS = Budget("partner.tests", burst=5, every_s=60, fails=Fails.CLOSED, refusal="partners.spent")
PROPOSALS_A_PHONE = Budget(
    "proposal.phone", burst=2, every_s=43_200, fails=Fails.CLOSED, refusal="partners.phone_spent"
)
"""Whichever partner it is that names somebody's number."""


@dataclass(frozen=True, slots=True)
class PartnerAccount:
    """Who calls: a partner, by one of its keys. `station_id` or `district` is its area; neither means everywhere."""

    partner_id: int
    key_id: int
    name: str
    scopes: frozenset[Scope]
    station_id: int | None
    district: str

    @property
    def actor(self) -> str:
        return f"partner:{self.partner_id}"

    def check(self, scope: Scope) -> None:
        """Raises NotAllowed."""
        if scope not in self.scopes:
            raise NotAllowed("partners.scope_missing", scope=scope.value)


def key_expiry(days: int, *, now: datetime) -> datetime:
    """When a key made now ends. Raises BadValue."""
    if not 1 <= days <= KEY_LASTS_MOST_DAYS:
        raise BadValue("partners.key_days", most=KEY_LASTS_MOST_DAYS)
    return now + timedelta(days=days)


def is_live(*, expires_at: datetime, ended_at: datetime | None, now: datetime) -> bool:
    """Whether a key opens anything now."""
    return ended_at is None and now < expires_at


def scopes_of(texts: Iterable[str]) -> frozenset[Scope]:
    """Raises BadValue for none, and for a word that is no scope."""
    chosen = set(texts)
    if not chosen or not chosen <= set(Scope):
        raise BadValue("partners.scopes_missing")
    return frozenset(map(Scope, chosen))


def written(words: Iterable[StrEnum]) -> str:
    """Words of ours as a column keeps them: in order, parted by spaces."""
    return " ".join(sorted(word.value for word in words))


_VISIBLE = re.compile(r"[!-~]{1,400}", re.ASCII)
_HOST = re.compile(r"(?=.{4,120}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?){1,9}")


def hosts_of(text: str) -> tuple[str, ...]:
    """The hosts that an administrator allows a partner's webhooks, by lines, spaces or commas. Raises BadValue."""
    hosts = tuple(dict.fromkeys(re.split(r"[\s,，、;；]+", text.strip().lower()))) if text.strip() else ()
    if len(hosts) > HOSTS_A_PARTNER or not all(_HOST.fullmatch(host) for host in hosts):
        raise BadValue("partners.hosts_wrong", most=HOSTS_A_PARTNER)
    return hosts


def check_address(url: str, hosts: Collection[str], *, production: bool) -> str:
    """A webhook's address, if it is an https one on one of these hosts. Raises BadValue.

    Outside production, where the receiver may be a developer's own machine, plain http and its loopback do as well.
    """
    try:
        parts = urlsplit(url)
        host, _port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise BadValue("partners.address_wrong") from None
    secure = is_public_https(url) if production else parts.scheme in ("https", "http")
    if not secure or parts.username or parts.password or parts.fragment or not _VISIBLE.fullmatch(url):
        raise BadValue("partners.address_wrong")
    if host not in hosts:
        raise BadValue("partners.host_not_allowed")
    return url


def end_for(states: Sequence[MessageState], last_code: str) -> WebhookEnd | None:
    """Whether to disable a webhook whose messages were settled so, the newest first; `last_code` is the newest's."""
    if states and states[0] is MessageState.STOPPED and last_code == "http_410":
        return WebhookEnd.GONE
    row = states[:STOPPED_IN_A_ROW]
    failed = len(row) == STOPPED_IN_A_ROW and all(state is MessageState.STOPPED for state in row)
    return WebhookEnd.FAILING if failed else None


def proposal_state(
    *, confirmed_at: datetime | None, declined_at: datetime | None, expires_at: datetime, now: datetime
) -> ProposalState:
    """What is told of a community's registration."""
    if confirmed_at is not None:
        return ProposalState.CONFIRMED
    if declined_at is not None:
        return ProposalState.DECLINED
    return ProposalState.EXPIRED if now >= expires_at else ProposalState.WAITING
