"""A partner's webhooks, as an administrator keeps them: test, enable again, renew the secret, delete."""

from __future__ import annotations

from flask import Response, g, make_response, request

from wristband import clock
from wristband.accounts.rules import Act
from wristband.errors import BadValue, Conflict
from wristband.partners.idempotency import Asked
from wristband.partners.rules import CHOSEN_EVENTS
from wristband.services import hooking
from wristband.web.errors import refused, sentence
from wristband.web.guards import officer
from wristband.web.language import gettext
from wristband.web.officer import police
from wristband.web.officer.partners import back_to, partner_page
from wristband.web.posts import new_key


@police.post("/partners/<int:partner_id>/webhooks")
@officer(Act.KEEP_PARTNERS, stepped_up=True)
def make_webhook(partner_id: int) -> Response:
    """A webhook that is told of everything; its secret is shown in this answer alone."""
    url = request.form.get("url", "").strip()[:400]
    asked = Asked(request.form.get("key") or new_key(), f"makeWebhook {url}")
    by, now = g.account.actor, clock.now()
    try:
        answer = hooking.make(asked, url, CHOSEN_EVENTS, partner_id=partner_id, by=by, now=now)
    except (BadValue, Conflict) as refusal:
        return refused(partner_page(partner_id, error=sentence(refusal)), refusal)
    return make_response(partner_page(partner_id, secret=str(answer.facts["secret"])))


@police.post("/partners/<int:partner_id>/webhooks/<int:webhook_id>/test")
@officer(Act.KEEP_PARTNERS)
def test_webhook(partner_id: int, webhook_id: int) -> Response:
    try:
        hooking.owe_test(webhook_id, partner_id=partner_id, now=clock.now())
    except Conflict as refusal:
        return refused(partner_page(partner_id, error=sentence(refusal)), refusal)
    return make_response(partner_page(partner_id, told=gettext("测试事件已排上，几秒内送出。刷新页面看结果。")))


@police.post("/partners/<int:partner_id>/webhooks/<int:webhook_id>/enable")
@officer(Act.KEEP_PARTNERS)
def enable_webhook(partner_id: int, webhook_id: int) -> Response:
    hooking.enable(webhook_id, partner_id=partner_id, by=g.account.actor, now=clock.now())
    return back_to(partner_id)


@police.post("/partners/<int:partner_id>/webhooks/<int:webhook_id>/secret")
@officer(Act.KEEP_PARTNERS, stepped_up=True)
def rotate_webhook_secret(partner_id: int, webhook_id: int) -> Response:
    _, secret = hooking.rotate_secret(webhook_id, partner_id=partner_id, by=g.account.actor, now=clock.now())
    return make_response(partner_page(partner_id, secret=secret))


@police.post("/partners/<int:partner_id>/webhooks/<int:webhook_id>/end")
@officer(Act.KEEP_PARTNERS)
def end_webhook(partner_id: int, webhook_id: int) -> Response:
    hooking.end(webhook_id, partner_id=partner_id, by=g.account.actor, now=clock.now())
    return back_to(partner_id)
