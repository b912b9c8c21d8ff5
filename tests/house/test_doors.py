"""Every address, its methods, and who may knock; a new one fails here until it is written down."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

DOORS = """
GET  /                                            anyone
GET  /healthz                                     anyone
GET  /readyz                                      anyone
GET  /static/<path:filename>                      static

GET  /t/<token>                                   anyone
GET  /T/<token>                                   anyone
GET  /b                                           anyone
GET  /B                                           anyone
POST /b                                           finder_tap
GET  /s/<scan>                                    anyone
POST /s/<scan>/family                             finder_tap
POST /s/<scan>/police                             finder_tap
POST /s/<scan>/place                              finder_tap
GET  /s/<scan>/map                                anyone
GET  /s/<scan>/more                               anyone
POST /s/<scan>/words                              finder_tap
POST /s/<scan>/photos                             finder_tap
POST /s/<scan>/gone                               finder_tap
POST /s/<scan>/pickup                             finder_tap
POST /s/<scan>/pickup/off                         finder_tap
POST /s/<scan>/withdraw                           finder_tap
POST /s/<scan>/rating                             finder_tap
GET  /s/offline                                   anyone
GET  /s/sw.js                                     anyone
GET  /s/<scan>/board                              anyone
POST /s/<scan>/board                              finder_tap
POST /s/<scan>/board/read                         finder_tap
GET  /s/<scan>/board/<int:number>.jpg             anyone
POST /s/<scan>/number                             finder_tap
POST /s/<scan>/number/remove                      finder_tap
GET  /s/<scan>/help                               anyone
POST /s/<scan>/check                              finder_tap
POST /s/<scan>/phone                              finder_tap
POST /s/<scan>/phone/code                         finder_tap
GET  /s/<scan>/ask                                anyone
POST /s/<scan>/ask                                finder_tap
POST /s/<scan>/card                               finder_tap
GET  /s/<scan>/hand-over                          anyone
POST /s/<scan>/hand-over                          finder_tap
GET  /stations                                    anyone
POST /stations                                    finder_tap

GET  /family                                      guardian
GET  /family/                                     guardian
GET  /family/sign-in                              visitor
POST /family/sign-in                              visitor
GET  /family/sign-in/code                         visitor
POST /family/sign-in/code                         visitor
POST /family/sign-out                             visitor
GET  /family/elders/new                           guardian
POST /family/elders/new                           guardian
GET  /family/elders/<int:elder_id>                guardian
GET  /family/elders/<int:elder_id>/portrait       guardian
POST /family/elders/<int:elder_id>/portrait       guardian
POST /family/elders/<int:elder_id>/portrait/turn  guardian
GET  /family/elders/<int:elder_id>/voice          guardian
POST /family/elders/<int:elder_id>/voice          guardian
POST /family/elders/<int:elder_id>/voice/remove   guardian
GET  /family/elders/<int:elder_id>/voice.mp3      guardian
GET  /family/elders/<int:elder_id>/preview.svg    guardian
GET  /family/elders/<int:elder_id>/portrait.jpg   guardian
GET  /family/elders/<int:elder_id>/face.jpg       guardian
POST /family/elders/<int:elder_id>/bands          guardian
GET  /family/bind                                 guardian
POST /family/bind                                 guardian
GET  /family/bands/<int:band_id>                  guardian
GET  /family/bands/<int:band_id>/print            guardian
GET  /family/bands/<int:band_id>/print.<kind>     guardian
POST /family/bands/<int:band_id>/end              guardian
POST /family/bands/<int:band_id>/replace          guardian
POST /family/bands/<int:band_id>/reopen           guardian
GET  /family/elders/<int:elder_id>/log            guardian
GET  /family/elders/<int:elder_id>/incidents      guardian
GET  /family/elders/<int:elder_id>/consents       guardian
POST /family/elders/<int:elder_id>/consents/<purpose>/give  guardian
POST /family/elders/<int:elder_id>/consents/<purpose>/withdraw  guardian
GET  /family/elders/<int:elder_id>/export         guardian
POST /family/elders/<int:elder_id>/export         guardian
POST /family/elders/<int:elder_id>/export/code    guardian
POST /family/elders/<int:elder_id>/export/confirm  guardian
GET  /family/elders/<int:elder_id>/erase          guardian
POST /family/elders/<int:elder_id>/erase          guardian
POST /family/elders/<int:elder_id>/erase/undo     guardian
POST /family/elders/<int:elder_id>/erase/object   guardian
POST /family/elders/<int:elder_id>/erase/settle   guardian
GET  /family/elders/<int:elder_id>/edit           guardian
POST /family/elders/<int:elder_id>/edit           guardian
GET  /family/elders/<int:elder_id>/family         guardian
POST /family/elders/<int:elder_id>/contacts       guardian
POST /family/elders/<int:elder_id>/contacts/<int:contact_id>/remove  guardian
POST /family/elders/<int:elder_id>/contacts/<int:contact_id>/raise  guardian
POST /family/elders/<int:elder_id>/guardians      guardian
POST /family/elders/<int:elder_id>/guardians/<int:who>/end  guardian
POST /family/elders/<int:elder_id>/invitations/<int:invitation_id>/end  guardian
GET  /family/invitations/<int:invitation_id>      guardian
POST /family/invitations/<int:invitation_id>/accept  guardian
POST /family/invitations/<int:invitation_id>/decline  guardian
GET  /family/elders/<int:elder_id>/ready          guardian
GET  /family/elders/<int:elder_id>/contacts/<int:contact_id>/code  guardian
POST /family/elders/<int:elder_id>/contacts/<int:contact_id>/code  guardian
POST /family/elders/<int:elder_id>/contacts/<int:contact_id>/confirm  guardian
POST /family/bands/<int:band_id>/try              guardian
GET  /family/quiet                                guardian
POST /family/quiet                                guardian
POST /family/quiet/push                           guardian
POST /family/quiet/<int:contact_id>/code          guardian
POST /family/quiet/<int:contact_id>/confirm       guardian
POST /family/quiet/<int:contact_id>/test          guardian
POST /family/quiet/<int:contact_id>/remove        guardian
GET  /family/sw.js                                visitor
GET  /family/elders/<int:elder_id>/drills         guardian
POST /family/elders/<int:elder_id>/drills         guardian
GET  /family/drills/<int:drill_id>                guardian
POST /family/drills/<int:drill_id>/received       guardian
GET  /family/asks/<int:grant_id>                  guardian
POST /family/asks/<int:grant_id>/approve          guardian
POST /family/asks/<int:grant_id>/refuse           guardian
GET  /family/a/<token>                            linked
POST /family/a/<token>                            linked
GET  /family/calls/<int:reach_id>                 guardian
POST /family/calls/<int:reach_id>/answer          guardian
POST /family/calls/<int:reach_id>/hand-over       guardian
GET  /family/boards/<int:scan_id>                 guardian
POST /family/boards/<int:scan_id>                 guardian
POST /family/boards/<int:scan_id>/read            guardian
GET  /family/boards/<int:scan_id>/<int:number>.jpg  guardian
POST /family/boards/<int:scan_id>/connect         guardian
GET  /family/incidents/<int:incident_id>          guardian
POST /family/incidents/<int:incident_id>/confirm  guardian
POST /family/incidents/<int:incident_id>/hand-over  guardian

GET  /police                                      officer:see_desk
GET  /police/                                     officer:see_desk
GET  /police/changes                              officer:see_desk
GET  /police/sign-in                              visitor
POST /police/sign-in                              visitor
POST /police/sign-out                             visitor
POST /police/duty-calls/<int:duty_call_id>/take   officer:handle_incident
POST /police/pickups/<int:pickup_id>/take         officer:handle_incident
POST /police/pickups/<int:pickup_id>/done         officer:handle_incident
POST /police/unsorted/close                       officer:handle_incident
GET  /police/call                                 officer:handle_incident
POST /police/call                                 officer:handle_incident
POST /police/incidents/<int:incident_id>/notes    officer:handle_incident
GET  /police/incidents/<int:incident_id>/pass-on  officer:handle_incident
POST /police/incidents/<int:incident_id>/pass-on  officer:handle_incident
POST /police/incidents/<int:incident_id>/merge    officer:handle_incident
POST /police/incidents/<int:incident_id>/unmerge  officer:handle_incident
GET  /police/incidents/<int:incident_id>/photos/<int:supplement_id>.jpg  officer:handle_incident
GET  /police/incidents/<int:incident_id>          officer:handle_incident
GET  /police/incidents/<int:incident_id>/portrait.jpg  officer:handle_incident
POST /police/incidents/<int:incident_id>/move     officer:handle_incident
POST /police/incidents/<int:incident_id>/reveal   officer:reveal
POST /police/incidents/<int:incident_id>/hand-over  officer:handle_incident
POST /police/incidents/<int:incident_id>/asks/<int:grant_id>  officer:handle_incident
GET  /police/incidents/<int:incident_id>/boards/<int:scan_id>  officer:handle_incident
POST /police/incidents/<int:incident_id>/boards/<int:scan_id>  officer:handle_incident
POST /police/incidents/<int:incident_id>/boards/<int:scan_id>/read  officer:handle_incident
GET  /police/incidents/<int:incident_id>/boards/<int:scan_id>/<int:number>.jpg  officer:handle_incident
GET  /police/look                                 officer:break_glass
POST /police/look                                 officer:break_glass
GET  /police/looks                                officer:review_looks
POST /police/looks/<int:look_id>/review           officer:review_looks
GET  /police/bands                                officer:print_bands
POST /police/bands/print                          officer:print_bands
GET  /police/bind                                 officer:bind_bands
POST /police/bind                                 officer:bind_bands
GET  /police/bind/elder                           officer:bind_bands
POST /police/bind/elder                           officer:bind_bands
GET  /police/bind/done                            officer:bind_bands

GET  /api/v1                                      anyone
POST /platform/receipts/<gateway>                 signed
POST /platform/police/receipts                     signed
POST /platform/police/events                       signed
"""


def _rules(app: Flask) -> Iterator[tuple[str, Rule, str]]:
    """Each method of each address, and the guard its view wears."""
    for rule in app.url_map.iter_rules():
        # The framework's own view of static files wears none of ours.
        guard = "static" if rule.endpoint == "static" else getattr(app.view_functions[rule.endpoint], "guard", "NOBODY")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            yield method, rule, guard


def _address(rule: Rule) -> str:
    return re.sub(r"<(\w+:)?\w+>", "1", rule.rule)


def test_every_address_is_listed_with_its_method_and_its_guard(app: Flask) -> None:
    listed = {tuple(line.split()) for line in DOORS.splitlines() if line}
    assert {(method, rule.rule, guard) for method, rule, guard in _rules(app)} == listed


def test_nobody_changes_anything_behind_a_guard_that_only_lets_look(app: Flask) -> None:
    assert not [rule.rule for method, rule, guard in _rules(app) if method != "GET" and guard in ("anyone", "static")]


def test_a_door_wears_only_its_own_guards(app: Flask) -> None:
    own = {"family": "visitor|guardian|linked", "police": "visitor|officer:.*", "platform": "signed"}
    strange = [
        f"{method} {rule.rule}: {guard}"
        for method, rule, guard in _rules(app)
        if not re.fullmatch(own.get(rule.rule.split("/")[1], "anyone|finder_tap|static"), guard)
    ]
    assert not strange


def test_a_stranger_is_sent_to_the_sign_in_or_refused(app: Flask, client: FlaskClient) -> None:
    let_in = []
    for method, rule, guard in _rules(app):
        if guard == "guardian" or guard.startswith("officer:"):
            answer = client.open(_address(rule), method=method)
            door = rule.rule.split("/")[1]
            sent_away = answer.status_code == 302 and answer.location == f"/{door}/sign-in"
            if not sent_away and answer.status_code != 401:
                let_in.append(f"{method} {rule.rule}: {answer.status_code}")
    assert not let_in


def test_a_form_without_its_token_is_refused(app: Flask, client: FlaskClient) -> None:
    taken = [
        f"{rule.rule}: {answer.status_code}"
        for method, rule, guard in _rules(app)
        if method == "POST" and guard == "visitor"
        if (answer := client.post(_address(rule), data={"phone": "13800138000"})).status_code != 403
    ]
    assert not taken


def test_another_site_cannot_make_a_tap(app: Flask, client: FlaskClient) -> None:
    elsewhere = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    taken = [
        f"{rule.rule}: {answer.status_code}"
        for method, rule, guard in _rules(app)
        if method == "POST" and guard == "finder_tap"
        if (answer := client.post(_address(rule), headers=elsewhere)).status_code != 403
    ]
    assert not taken
