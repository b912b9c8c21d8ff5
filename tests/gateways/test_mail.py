"""Mail against a real mail server: what arrives, where it goes, and how it is set up."""

from __future__ import annotations

import re
import socket
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from structlog.testing import capture_logs

from tests.gateways.post_office import MAILBOX, PASSWORD, SENDER, Opens, PostOffice, mail_settings, password_in, text_of
from tests.gateways.quiet_rigs import BODY, LINK, fault_of, owed
from wristband.gateways.contract import Blame
from wristband.gateways.mail import MailGateway, MailSettings
from wristband.gateways.wire import Limits


def taken(office: PostOffice) -> EmailMessage:
    (mail,) = office.taken.values()
    return mail


def html_of(mail: EmailMessage) -> str:
    part = mail.get_body(("html",))
    assert part is not None
    return str(part.get_content())


# ---- what arrives


def test_a_mail_says_from_whom_to_whom_about_what_and_that_it_is_a_machines(office: PostOffice, opened: Opens) -> None:
    gateway = MailGateway(mail_settings(opened().port, sender_name="同安黄手环", reply_to="desk@band.example.org"))
    receipt = gateway.hand_over(owed(MAILBOX))
    mail = taken(office)
    assert mail["From"] == f"同安黄手环 <{SENDER}>"
    assert mail["To"] == MAILBOX
    assert mail["Reply-To"] == "desk@band.example.org"
    assert mail["Subject"] == "【同安黄手环】有人扫了您守护的手环，可能需要帮助"
    assert mail["Date"] == "Tue, 24 Nov 2026 06:05:00 +0000"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Content-Language"] == "zh-CN"
    assert mail["Message-ID"] == receipt.reference == "<message-0000000000000001@band.example.org>"


def test_the_text_has_the_link_below_it_and_the_html_one_big_button(office: PostOffice, opened: Opens) -> None:
    MailGateway(mail_settings(opened().port)).hand_over(owed(MAILBOX))
    assert text_of(taken(office)) == f"{BODY}\n\n我看到了:\n{LINK}"
    html = html_of(taken(office))
    assert re.findall(r'<a href="([^"]*)"[^>]*>([^<]*)</a>', html) == [
        ("https://band.example.org/s/abc?x=1&amp;y=2", "我看到了")
    ]
    assert BODY in html


def test_another_language_has_its_own_words(office: PostOffice, opened: Opens) -> None:
    MailGateway(mail_settings(opened().port)).hand_over(owed(MAILBOX, language="en", body="Somebody scanned the band."))
    assert ">I have seen this</a>" in html_of(taken(office))
    assert '<html lang="en">' in html_of(taken(office))


@pytest.mark.parametrize("link", ["", "javascript:alert(1)", "https://a.example/\r\nX: y", "https://a.example/ b"])
def test_what_is_no_link_makes_no_button(office: PostOffice, opened: Opens, link: str) -> None:
    MailGateway(mail_settings(opened().port)).hand_over(owed(MAILBOX, link=link))
    assert text_of(taken(office)) == BODY
    assert "<a " not in html_of(taken(office))


@pytest.mark.parametrize(
    "body", ["a\r\nBcc: mei@example.org\r\n\r\nb", "\r\n.\r\nMAIL FROM:<x@example.org>\r\n", "\n.\n"]
)
def test_a_body_becomes_neither_header_nor_command(office: PostOffice, opened: Opens, body: str) -> None:
    MailGateway(mail_settings(opened().port)).hand_over(owed(MAILBOX, body=body, link=""))
    (raw,) = office.arrived
    head = raw.partition(b"\r\n\r\n")[0]
    assert b"\nBcc" not in head
    assert text_of(taken(office)).splitlines() == body.splitlines()
    assert len(office.taken) == 1


def test_a_body_becomes_no_element_of_the_html(office: PostOffice, opened: Opens) -> None:
    MailGateway(mail_settings(opened().port)).hand_over(owed(MAILBOX, body="<img src=x>&\"'</body>", link=""))
    assert "<img" not in html_of(taken(office))


@pytest.mark.parametrize(
    ("body", "subject"),
    [
        ("", "黄手环"),
        ("\n\n第一句。第二句。", "第一句"),
        ("字" * 200, "字" * 60),
        ("\x00一\x1b二！三", "一二"),
    ],
)
def test_the_subject_is_the_first_clause(office: PostOffice, opened: Opens, body: str, subject: str) -> None:
    MailGateway(mail_settings(opened().port)).hand_over(owed(MAILBOX, body=body))
    assert taken(office)["Subject"] == subject


def test_no_fact_but_those_in_the_body_is_sent(office: PostOffice, opened: Opens) -> None:
    MailGateway(mail_settings(opened().port)).hand_over(owed(MAILBOX))
    assert "林阿婆" not in str(taken(office)) + text_of(taken(office)) + html_of(taken(office))


def test_hello_is_said_in_the_senders_domain(office: PostOffice, opened: Opens) -> None:
    MailGateway(mail_settings(opened().port)).hand_over(owed(MAILBOX))
    assert office.hellos == [("band.example.org", False)]


@pytest.mark.parametrize("recipient", ["+8613800138000", "", "a@example.org\r\nRCPT TO:<b@example.org>", "a@b"])
def test_what_is_no_mailbox_is_never_tried(office: PostOffice, opened: Opens, recipient: str) -> None:
    fault = fault_of(MailGateway(mail_settings(opened().port)), owed(recipient))
    assert (fault.permanent, fault.code) == (True, "recipient_invalid")
    assert office.hellos == []


# ---- where to


def test_in_production_a_mail_server_named_on_this_machine_is_called(office: PostOffice, opened: Opens) -> None:
    MailGateway(mail_settings(opened().port), Limits(public_only=True)).hand_over(owed(MAILBOX))
    assert len(office.taken) == 1


def test_in_production_a_name_that_leads_inside_is_not(
    office: PostOffice, opened: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = opened().port
    found = [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_asked, **_how: found)
    gateway = MailGateway(mail_settings(port, host="mail.example.org", security="starttls"), Limits(public_only=True))
    fault = fault_of(gateway, owed(MAILBOX))
    assert (fault.permanent, fault.code, fault.blame) == (False, "address_refused", Blame.OUTAGE)
    assert office.hellos == []


def test_in_production_nothing_is_sent_in_clear_to_another_machine() -> None:
    with pytest.raises(ValueError, match="starttls or tls"):
        MailGateway(mail_settings(25, host="mail.example.org"), Limits(public_only=True))
    told = {"host": "mail.example.org", "security": "none", "sender": SENDER}
    with pytest.raises(ValidationError, match="starttls or tls"):
        MailSettings.model_validate(told, context={"production": True})


@pytest.mark.parametrize(
    "wrong",
    [
        {"host": "mail.example.org:25"},
        {"host": "https://mail.example.org"},
        {"host": ""},
        {"port": 0},
        {"port": 70_000},
        {"security": "ssl"},
        {"sender": ""},
        {"sender": "band"},
        {"sender": "a@example.org\r\nBcc: b@example.org"},
        {"sender_name": "a\r\nBcc: b@example.org"},
        {"reply_to": "desk"},
        {"user": "band"},
        {"password_file": "nowhere"},
        {"passwort": "x"},
    ],
)
def test_settings_that_do_not_fit_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        mail_settings(**{"port": 587} | wrong)


def test_a_password_is_not_set_to_be_sent_in_clear(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="not sent in clear"):
        mail_settings(25, host="mail.example.org", **password_in(tmp_path))


def test_settings_show_nopassword_in(tmp_path: Path) -> None:
    assert PASSWORD not in repr(mail_settings(587, security="tls", **password_in(tmp_path)))


def test_logs_name_the_message_and_nobody(office: PostOffice, opened: Opens) -> None:
    office.says["RCPT"] = f"550 5.1.1 <{MAILBOX}> unknown"
    with capture_logs() as lines:
        fault_of(MailGateway(mail_settings(opened().port)), owed(MAILBOX))
    assert [line["message"] for line in lines] == [1]
    assert MAILBOX not in str(lines)
