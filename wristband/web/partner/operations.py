"""The table of operations, and the one way a call takes: key, scope, budgets, reading, deed, answer."""

from __future__ import annotations

import re
from collections.abc import Callable

import structlog
from flask import Response, g, make_response, request
from werkzeug.exceptions import HTTPException

from wristband import clock
from wristband.errors import NotAllowed, NotFound, Refusal
from wristband.partners.idempotency import Asked
from wristband.partners.rules import CALLS, CHECKS, PROPOSALS, REPORTS, TESTS, Scope
from wristband.services import admitting
from wristband.web.errors import refused, sentence
from wristband.web.partner import answers, bodies, reading
from wristband.web.partner.contract import Call, Operation, Reply
from wristband.web.partner.door import partner
from wristband.web.problems import problem

log = structlog.get_logger(__name__)


def _(text: str) -> str:
    return text


_STATIONS, _INCIDENTS, _BANDS = _("派出所"), _("警情"), _("手环")
_ELDERS, _WEBHOOKS, _KEY = _("老人"), _("webhook（事件通知）"), _("密钥")

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        *("showKey", "GET", "/key", None, _KEY, _("这把密钥能做什么"), answers.show_key),
        answer=bodies.KeyTold,
    ),
    Operation(
        *("listStations", "GET", "/stations", Scope.STATIONS_READ, _STATIONS, _("列出派出所"), answers.list_stations),
        query=bodies.StationPage,
        answer=bodies.Stations,
    ),
    Operation(
        *("listStationsNear", "GET", "/stations/near", Scope.STATIONS_READ, _STATIONS),
        *(_("离一个地点最近的派出所"), answers.list_near),
        query=bodies.Near,
        answer=bodies.Stations,
    ),
    Operation(
        *("showStation", "GET", "/stations/{id}", Scope.STATIONS_READ, _STATIONS),
        *(_("看一个派出所"), answers.show_station),
        answer=bodies.StationTold,
    ),
    Operation(
        *("reportIncident", "POST", "/incidents", Scope.INCIDENTS_REPORT, _INCIDENTS),
        *(_("替发现人报警"), answers.report),
        text=_(
            "老人已有警情就并进去，没有就新立一起；家人同时收到通知。手环编号认不出也照样报。紧急时请让发现人拨打 110。"
        ),
        body=bodies.ReportGiven,
        answer=bodies.Reported,
        status=201,
        once=True,
        budgets=(REPORTS,),
    ),
    Operation(
        *("listIncidents", "GET", "/incidents", Scope.INCIDENTS_READ, _INCIDENTS),
        *(_("列出您能看的警情"), answers.list_incidents),
        text=_("自己报的，到办结后 24 小时；公布给您的，只到办结为止。"),
        query=bodies.Page,
        answer=bodies.Incidents,
    ),
    Operation(
        *("showIncident", "GET", "/incidents/{number}", Scope.INCIDENTS_READ, _INCIDENTS),
        *(_("看一起警情的进展"), answers.show_incident),
        text=_("不归您看的、已经过期的和从来没有的，回答都一样：404。"),
        answer=bodies.IncidentTold,
    ),
    Operation(
        *("checkBand", "POST", "/bands/check", Scope.BANDS_CHECK, _BANDS),
        *(_("查手环编号是不是本站的"), answers.check_band),
        text=_("只说是不是、还在不在用，从不说是谁的。每次都留记录。"),
        body=bodies.BandGiven,
        answer=bodies.BandChecked,
        budgets=(CHECKS,),
    ),
    Operation(
        *("proposeElder", "POST", "/elders", Scope.ELDERS_WRITE, _ELDERS),
        *(_("替社区登记一位老人"), answers.propose),
        text=_("家人收到短信，用这个手机号登录、逐项同意后，登记才生效。30 天没有确认就全部删掉。"),
        body=bodies.ProposalGiven,
        answer=bodies.ProposalTold,
        status=201,
        once=True,
        budgets=(PROPOSALS,),
    ),
    Operation(
        *("showElder", "GET", "/elders/{id}", Scope.ELDERS_WRITE, _ELDERS),
        *(_("看登记确认了没有"), answers.show_proposal),
        answer=bodies.ProposalTold,
    ),
    Operation(
        *("listWebhooks", "GET", "/webhooks", Scope.WEBHOOKS_MANAGE, _WEBHOOKS),
        *(_("列出 webhook"), answers.list_webhooks),
        answer=bodies.Webhooks,
    ),
    Operation(
        *("makeWebhook", "POST", "/webhooks", Scope.WEBHOOKS_MANAGE, _WEBHOOKS),
        *(_("新建 webhook"), answers.make_webhook),
        text=_("回答里的密钥只显示这一次，用来验签。"),
        body=bodies.WebhookGiven,
        answer=bodies.SecretTold,
        status=201,
        once=True,
    ),
    Operation(
        *("showWebhook", "GET", "/webhooks/{id}", Scope.WEBHOOKS_MANAGE, _WEBHOOKS),
        *(_("看一个 webhook"), answers.show_webhook),
        answer=bodies.WebhookTold,
        tagged=True,
    ),
    Operation(
        *("changeWebhook", "PUT", "/webhooks/{id}", Scope.WEBHOOKS_MANAGE, _WEBHOOKS),
        *(_("改一个 webhook，或重新启用"), answers.change_webhook),
        body=bodies.WebhookChanged,
        answer=bodies.WebhookTold,
        match="needed",
        tagged=True,
    ),
    Operation(
        *("endWebhook", "DELETE", "/webhooks/{id}", Scope.WEBHOOKS_MANAGE, _WEBHOOKS),
        *(_("删掉一个 webhook"), answers.end_webhook),
        status=204,
        match="possible",
    ),
    Operation(
        *("rotateSecret", "POST", "/webhooks/{id}/secret", Scope.WEBHOOKS_MANAGE, _WEBHOOKS),
        *(_("换验签密钥"), answers.rotate_secret),
        text=_("新密钥只显示这一次；7 天内新旧两个都签，对上一个就行。"),
        answer=bodies.SecretTold,
        tagged=True,
    ),
    Operation(
        *("testWebhook", "POST", "/webhooks/{id}/test", Scope.WEBHOOKS_MANAGE, _WEBHOOKS),
        *(_("发一条测试事件"), answers.test_webhook),
        answer=bodies.TestOwed,
        status=202,
        budgets=(TESTS,),
    ),
)

PATHS = {
    "id": re.compile(r"[0-9]{1,19}"),
    "number": re.compile(r"[0-9]{6}-[0-9]{3,6}"),
}
"""What a part of a path may be; anything else is an unknown address."""


def _answer(operation: Operation, path: dict[str, str]) -> Response:
    now = clock.now()
    who = admitting.admit(request.headers.get("Authorization", ""), now=now)
    if operation.scope is not None:
        g.scope = operation.scope.value
        who.check(operation.scope)
    g.left = admitting.spend(who, (CALLS, *operation.budgets), now=now)
    reading.check_accept()
    query = reading.query(operation.query) if operation.query else None
    version = reading.version(needed=operation.match == "needed") if operation.match else None
    key = reading.idempotency_key() if operation.once else ""
    body, content = reading.body(operation.body) if operation.body else (None, "")
    asked = Asked(key, f"{operation.name} {content}") if operation.once else None
    return _written(operation, operation.do(Call(who, now, path, body, query, asked, version)))


def _written(operation: Operation, reply: Reply) -> Response:
    response = make_response(reply.told.model_dump_json() if reply.told else b"", operation.status)
    if reply.told:
        response.content_type = "application/json"
    else:
        del response.headers["Content-Type"]
    if reply.version is not None:
        response.headers["ETag"] = reading.etag(reply.version)
    if reply.location:
        response.headers["Location"] = f"/api/v1{reply.location}"
    if reply.again:
        response.headers["Idempotency-Replayed"] = "true"
    return response


def _refused(refusal: Refusal) -> Response:
    errors = refusal.errors if isinstance(refusal, reading.Unfit) else ()
    if isinstance(refusal, NotAllowed):
        log.warning("turned_away", code=refusal.code, endpoint=request.endpoint)
    return refused(problem(refusal.status, sentence(refusal), refusal.code, errors), refusal)


def _view(operation: Operation) -> Callable[..., Response]:
    def view(**path: str) -> Response:
        try:
            if not all(PATHS[name].fullmatch(part) for name, part in path.items()):
                raise NotFound("page.unknown")
            return _answer(operation, path)
        except Refusal as refusal:
            return _refused(refusal)
        except HTTPException as error:  # a body that was broken off
            return problem(error.code or 400, sentence(reading.Malformed("partners.not_read")), "partners.not_read")

    view.guard = operation.guard  # type: ignore[attr-defined]
    return view


for _operation in OPERATIONS:
    partner.add_url_rule(
        _operation.path.replace("{", "<").replace("}", ">"),
        _operation.name,
        _view(_operation),
        methods=[_operation.method],
    )
