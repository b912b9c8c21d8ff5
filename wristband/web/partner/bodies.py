"""What goes in and out of /api/v1: strict models, of which the OpenAPI document is made."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, StringConstraints

from wristband.elders.rules import LINE_MAX, NAME_MAX, RELATIONS, WORDS_MAX, Sex
from wristband.incidents.rules import Disposition, IncidentState
from wristband.partners.rules import CHOSEN_EVENTS, Event, ProposalState, Scope, WebhookEnd
from wristband.services.relaying import PLACE_MAX, REFERENCE_MAX


def _(text: str) -> str:
    return text


class Strict(BaseModel):
    """Nothing but what is named, nothing bent into another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, use_enum_values=False)


class Query(BaseModel):
    """A query: texts, read as what they spell and nothing near it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Told(BaseModel):
    """An answer, or a part of one."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _spells(pattern: re.Pattern[str]) -> BeforeValidator:
    def check(value: Any) -> Any:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise ValueError("not so spelt")
        return value

    return BeforeValidator(check)


_PLAIN = {"format": "plain-text"}
"""NFC, something to be seen in it, no control and no direction-changing character: said in the document."""
Code = Annotated[str, Field(min_length=1, max_length=20)]
Name = Annotated[str, Field(min_length=1, max_length=NAME_MAX, json_schema_extra=_PLAIN)]
Line = Annotated[str, Field(min_length=1, max_length=LINE_MAX, json_schema_extra=_PLAIN)]
Words = Annotated[str, Field(min_length=1, max_length=WORDS_MAX, json_schema_extra=_PLAIN)]
PlaceWords = Annotated[str, Field(min_length=1, max_length=PLACE_MAX, json_schema_extra=_PLAIN)]
Reference = Annotated[str, Field(min_length=1, max_length=REFERENCE_MAX, pattern=r"^[A-Za-z0-9._-]+$")]


def _whole(value: Any) -> Any:
    """JSON knows one kind of number: 1943.0 is an integer, too."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Year = Annotated[int, Field(ge=1910, le=1990), BeforeValidator(_whole)]
"""Of birth of somebody old; without the year of today in it, the document would change every new year."""


def _each_once(events: list[str]) -> list[str]:
    if len(set(events)) < len(events):
        raise ValueError("twice")
    return events


def _no_moment_below_a_second(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(microsecond=0)


Moment = Annotated[
    datetime,
    AfterValidator(_no_moment_below_a_second),
    PlainSerializer(lambda at: at.isoformat().replace("+00:00", "Z"), return_type=str),
    Field(json_schema_extra={"format": "date-time"}),
]
Id = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,19}$")]
Number = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}-[0-9]{3,6}$")]
Integer = Annotated[int, _spells(re.compile(r"[0-9]{1,4}"))]
Degrees = Annotated[float, _spells(re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,340})?([eE][-+]?[0-9]{1,3})?"))]
Cursor = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,18}$")]


class Problem(Told):
    """Every refusal and fault (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str = Field(description=_("给人看的一句话。"))
    code: str = Field(description=_("给程序看的词，措辞改了也不变。"))
    request: str = Field(description=_("这次请求的编号，和 Request-Id 相同；来电来信时请附上。"))
    errors: list[Fault] = Field(default=[], description=_("哪些地方不对。"))


class Fault(Told):
    """One place that is wrong."""

    pointer: str | None = Field(default=None, description=_("正文里的位置（RFC 6901）。"))
    parameter: str | None = Field(default=None, description=_("查询参数的名字。"))
    code: str


# ---- stations


class Page(Query):
    """Where a list goes on."""

    cursor: Cursor | None = Field(default=None, description=_("上一页给的 next；从头开始就不填。"))
    limit: Integer = Field(default=50, ge=1, le=100)


class StationPage(Page):
    """The stations of a district."""

    district: str = Field(default="", max_length=40, description=_("区县名，例如 同安区。"))


class Near(Query):
    """Stations round a place, WGS-84."""

    latitude: Degrees = Field(ge=-90, le=90)
    longitude: Degrees = Field(ge=-180, le=180)
    limit: Integer = Field(default=5, ge=1, le=20)


class StationTold(Told):
    """A police station: public facts."""

    id: Id
    name: str
    address: str
    phone: str = Field(description=_("对外公布的电话；没有就是空。紧急请拨 110。"))
    district: str
    latitude: float
    longitude: float
    distance_m: int | None = Field(default=None, description=_("直线距离，米。"))


class Stations(Told):
    items: list[StationTold]
    next: Cursor | None = None


# ---- incidents


class Place(Strict):
    """A place, WGS-84."""

    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    accuracy_m: float | None = Field(default=None, ge=0, le=100_000)


class ReportGiven(Strict):
    """What a finder told you."""

    words: Words = Field(description=_("发现人说了什么：老人什么样、在做什么、和谁在一起。"))
    band: Code | None = Field(
        default=None, description=_("手环编号，九位，印在二维码旁边；看不清就不填。认不出也照样报。")
    )
    place: Place | None = None
    place_words: PlaceWords | None = Field(default=None, description=_("地点怎么说。"))
    reference: Reference | None = Field(default=None, description=_("您那边的工单号。"))


class StationNamed(Told):
    id: Id
    name: str
    phone: str


class IncidentTold(Told):
    """How far an incident is; never of whom."""

    number: Number
    state: IncidentState
    opened_at: Moment
    accepted_at: Moment | None
    closed_at: Moment | None
    disposition: Disposition | None = Field(description=_("怎样办结的；没办结是空。"))
    station: StationNamed | None = Field(description=_("办理的派出所；还没定是空。"))
    reported_by_you: bool
    released_to_you: bool
    reference: str | None = Field(description=_("您报的时候给的工单号。"))


class Incidents(Told):
    items: list[IncidentTold]
    next: Cursor | None = None


class Reported(Told):
    """What became of a report."""

    number: Number
    joined: bool = Field(description=_("这位老人已有警情，这次报警并进去了。"))
    band_recognised: bool = Field(description=_("手环编号认出来了，家人已经收到通知。"))


# ---- bands


class BandGiven(Strict):
    code: Code = Field(description=_("手环编号，九位。"))


class BandChecked(Told):
    """Whether a code is one of ours; never whose."""

    well_written: bool = Field(description=_("校验位对得上；不对多半是抄错了。"))
    ours: bool
    live: bool = Field(description=_("正戴着，扫码能找到家人。"))


# ---- elders


class GuardianGiven(Strict):
    """Who answers for the elder and will confirm."""

    name: Name | None = None
    phone: str = Field(pattern=r"^\+861[3-9][0-9]{9}$", description=_("家人的手机，E.164 写法；确认的短信发到这里。"))
    relation: Literal[tuple(RELATIONS)] = Field(description=_("是老人的什么人。"))  # type: ignore[valid-type]


class ElderGiven(Strict):
    """Whom the community registers. Health and consents are the family's own to give."""

    name: Name = Field(description=_("老人姓名。"))
    called: Name | None = Field(default=None, description=_("怎么称呼最亲切。"))
    sex: Sex | None = None
    birth_year: Year | None = None
    address: Line | None = Field(default=None, description=_("住址。"))
    approach: Words | None = Field(default=None, description=_("怎样和老人说话。"))


class ProposalGiven(Strict):
    elder: ElderGiven
    guardian: GuardianGiven
    guardian_agreed: Literal[True] = Field(description=_("家人同意把这些交给我们，并收一条短信。"))


class ProposalTold(Told):
    """How far a registration is; what was written down is not told back."""

    id: Id
    state: ProposalState
    made_at: Moment
    expires_at: Moment = Field(description=_("到这时家人还没确认，就全部删掉。"))


# ---- webhooks

_Event = Literal[tuple(event.value for event in CHOSEN_EVENTS)]  # type: ignore[valid-type]


class WebhookGiven(Strict):
    url: str = Field(
        min_length=12,
        max_length=400,
        pattern=r"^https?://[!-~]+$",
        json_schema_extra={"format": "allowed-address"},
        description=_("https 地址，主机要先由管理员登记。"),
    )
    events: Annotated[list[_Event], AfterValidator(_each_once)] = Field(  # type: ignore[valid-type]
        min_length=1, max_length=len(CHOSEN_EVENTS), json_schema_extra={"uniqueItems": True}
    )

    @property
    def chosen(self) -> frozenset[Event]:
        return frozenset(map(Event, self.events))


class WebhookChanged(WebhookGiven):
    enabled: bool


class WebhookTold(Told):
    id: Id
    url: str
    events: list[Event]
    enabled: bool
    disabled_for: WebhookEnd | None = Field(description=_("被停用的原因；没停用是空。"))
    made_at: Moment
    two_secrets_until: Moment | None = Field(description=_("换密钥期间，到这时为止新旧两个都签。"))


class Webhooks(Told):
    items: list[WebhookTold]


class SecretTold(Told):
    """Shown in this answer and never again."""

    id: Id
    secret: str = Field(description=_("验签用的密钥，只在这里显示一次。"))


class TestOwed(Told):
    event: str = Field(description=_("测试事件的编号，几秒内送到。"))


# ---- the key itself


class KeyTold(Told):
    """Whose key this is and what it may do."""

    partner: str
    scopes: list[Scope]
    station: Id | None = Field(description=_("只限这个派出所；空就不限。"))
    district: str = Field(description=_("只限这个区县；空就不限。"))
    expires_at: Moment


Problem.model_rebuild()
