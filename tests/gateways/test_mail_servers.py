"""Mail servers that refuse, wait, hang up, are none, or are not who they say: whose fault it is."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.gateways import quiet_rigs
from tests.gateways.authority import server_context
from tests.gateways.post_office import MAILBOX, Opens, PostOffice, mail_settings, password_in
from tests.gateways.quiet_rigs import owed
from tests.gateways.rigs import PATIENT
from wristband.gateways.contract import Blame, GatewayFault
from wristband.gateways.mail import MailGateway
from wristband.gateways.wire import Limits


def fault_of(gateway: MailGateway) -> GatewayFault:
    """Why a mail is not taken."""
    return quiet_rigs.fault_of(gateway, owed(MAILBOX))


# ---- what the server says


@pytest.mark.parametrize(
    ("command", "said", "permanent", "code", "blame"),
    [
        ("RCPT", "450 4.2.1 try later", False, "rcpt_450", Blame.MESSAGE),
        ("RCPT", "451 4.7.1 greylisted", False, "rcpt_451", Blame.MESSAGE),
        ("RCPT", "452 4.2.2 mailbox full", False, "rcpt_452", Blame.MESSAGE),
        ("RCPT", "550 5.1.1 no such user", True, "rcpt_550", Blame.MESSAGE),
        ("RCPT", "552 5.2.2 mailbox full", True, "rcpt_552", Blame.MESSAGE),
        ("RCPT", "553 bad name", True, "rcpt_553", Blame.MESSAGE),
        ("RCPT", "530 5.7.0 log in first", False, "rcpt_530", Blame.MESSAGE),
        ("RCPT", "554 5.7.1 relay access denied", False, "rcpt_554", Blame.MESSAGE),
        ("DATA", "451 4.3.0 disk", False, "data_451", Blame.MESSAGE),
        ("DATA", "552 5.3.4 too big", True, "data_552", Blame.MESSAGE),
        ("DATA", "554 5.6.0 refused", True, "data_554", Blame.MESSAGE),
        ("MAIL", "550 5.1.8 bad sender", False, "mail_550", Blame.OUTAGE),
        ("MAIL", "421 4.3.2 closing", False, "mail_421", Blame.OUTAGE),
        ("EHLO", "554 go away", False, "helo_554", Blame.OUTAGE),
    ],
)
def test_a_refusal_is_permanent_where_it_is_about_the_mailbox_and_passing_where_it_is_about_us(
    office: PostOffice, opened: Opens, command: str, said: str, permanent: bool, code: str, blame: Blame
) -> None:
    office.says[command] = said
    fault = fault_of(MailGateway(mail_settings(opened().port), PATIENT))
    assert (fault.permanent, fault.code, fault.blame, fault.in_doubt) == (permanent, code, blame, False)
    assert office.taken == {}


def test_after_greylisting_the_same_mail_is_taken(office: PostOffice, opened: Opens) -> None:
    gateway = MailGateway(mail_settings(opened().port), PATIENT)
    office.says["RCPT"] = "451 4.7.1 greylisted"
    fault_of(gateway)
    office.says.clear()
    gateway.hand_over(owed(MAILBOX))
    assert len(office.taken) == 1


def test_a_mail_taken_whose_answer_was_lost_is_in_doubt_and_shows_once_after_the_next_try(
    office: PostOffice, opened: Opens
) -> None:
    gateway = MailGateway(mail_settings(opened().port), PATIENT)
    office.hangs_up_at = "DATA"
    fault = fault_of(gateway)
    assert (fault.permanent, fault.code, fault.in_doubt) == (False, "hung_up", True)
    office.hangs_up_at = ""
    gateway.hand_over(owed(MAILBOX))
    assert len(office.arrived) == 2
    assert len(office.taken) == 1


@pytest.mark.parametrize("command", ["EHLO", "MAIL", "RCPT"])
def test_a_server_that_hangs_up_is_a_passing_fault_and_not_in_doubt(
    office: PostOffice, opened: Opens, command: str
) -> None:
    office.hangs_up_at = command
    fault = fault_of(MailGateway(mail_settings(opened().port), PATIENT))
    assert (fault.permanent, fault.code, fault.in_doubt) == (False, "hung_up", False)


def test_a_server_that_hangs_up_after_it_took_the_mail_has_taken_it(office: PostOffice, opened: Opens) -> None:
    office.hangs_up_at = "QUIT"
    assert MailGateway(mail_settings(opened().port), PATIENT).hand_over(owed(MAILBOX)).reference


# ---- slow, absent, no mail server


@pytest.mark.parametrize("command", ["EHLO", "RCPT", "DATA"])
def test_a_slow_server_runs_into_the_time_out(office: PostOffice, opened: Opens, command: str) -> None:
    office.waits_s[command] = 5.0
    fault = fault_of(MailGateway(mail_settings(opened().port), Limits(total_s=0.3)))
    assert (fault.permanent, fault.code, fault.in_doubt) == (False, "timeout", command == "DATA")


@pytest.mark.parametrize(
    ("says", "code"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "broken"),
        (b"554 no service here\r\n", "greeting_554"),
        (b"", "hung_up"),
        (b"220 " + b"x" * 20_000 + b"\r\n", "broken"),
        (b"\xff\xfe\x00\r\n", "broken"),
    ],
)
def test_what_is_no_mail_server_is_a_passing_fault(says: bytes, code: str) -> None:
    with _Talker(says) as port:
        fault = fault_of(MailGateway(mail_settings(port), PATIENT))
    assert (fault.permanent, fault.code, fault.blame) == (False, code, Blame.OUTAGE)


def test_a_server_that_drips_runs_into_the_time_out_all_the_same() -> None:
    with _Talker(b"220 ", drips=True) as port:
        assert fault_of(MailGateway(mail_settings(port), Limits(total_s=0.3))).code == "timeout"


def test_a_server_that_is_not_there_is_an_outage() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        fault = fault_of(MailGateway(mail_settings(bound.getsockname()[1]), PATIENT))
    assert (fault.permanent, fault.code, fault.blame) == (False, "network", Blame.OUTAGE)


def test_a_host_nobody_knows_is_an_outage() -> None:
    fault = fault_of(MailGateway(mail_settings(25, host="mail.invalid"), PATIENT))
    assert (fault.permanent, fault.code, fault.blame) == (False, "network", Blame.OUTAGE)


# ---- encryption, login


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A server's context whose authority this machine trusts."""
    context = server_context(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    return context


def test_starttls_encrypts_before_anything_is_told_and_logs_in(
    office: PostOffice, opened: Opens, trusted: Any, tmp_path: Path
) -> None:
    port = opened(tls_context=trusted, require_starttls=True, auth_required=True).port
    MailGateway(mail_settings(port, security="starttls", **password_in(tmp_path))).hand_over(owed(MAILBOX))
    assert [encrypted for _, encrypted in office.hellos] == [False, True]
    assert office.logins == [True]
    assert len(office.taken) == 1


def test_tls_encrypts_from_the_first_byte(office: PostOffice, opened: Opens, trusted: Any) -> None:
    MailGateway(mail_settings(opened(tls=trusted).port, security="tls")).hand_over(owed(MAILBOX))
    assert len(office.taken) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_nobody_vouches_for_stops_the_sending(
    office: PostOffice, opened: Opens, tmp_path: Path, security: str
) -> None:
    context = server_context(tmp_path)
    port = opened(**({"tls": context} if security == "tls" else {"tls_context": context})).port
    fault = fault_of(MailGateway(mail_settings(port, security=security), PATIENT))
    assert (fault.permanent, fault.code, fault.blame) == (False, "tls", Blame.OUTAGE)
    assert office.taken == {}


def test_a_certificate_of_another_host_stops_it_too(
    office: PostOffice, opened: Opens, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = server_context(tmp_path, host="192.0.2.7")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    port = opened(tls_context=context).port
    assert fault_of(MailGateway(mail_settings(port, security="starttls"), PATIENT)).code == "tls"
    assert office.taken == {}


def test_a_server_that_will_not_encrypt_gets_neither_password_nor_mail(
    office: PostOffice, opened: Opens, tmp_path: Path
) -> None:
    port = opened(auth_require_tls=False).port
    fault = fault_of(MailGateway(mail_settings(port, security="starttls", **password_in(tmp_path)), PATIENT))
    assert (fault.permanent, fault.code) == (False, "starttls_454")
    assert (office.logins, office.taken) == ([], {})


def test_a_wrong_password_is_ours_and_passes(office: PostOffice, opened: Opens, trusted: Any, tmp_path: Path) -> None:
    port = opened(tls_context=trusted).port
    settings = mail_settings(port, security="starttls", **password_in(tmp_path, "wrong"))
    fault = fault_of(MailGateway(settings, PATIENT))
    assert (fault.permanent, fault.code, fault.blame) == (False, "auth_535", Blame.OUTAGE)
    assert office.taken == {}


def test_a_server_without_a_login_is_told_to_the_operator(
    office: PostOffice, opened: Opens, trusted: Any, tmp_path: Path
) -> None:
    port = opened(tls_context=trusted, auth_exclude_mechanism=["PLAIN", "LOGIN"]).port
    settings = mail_settings(port, security="starttls", **password_in(tmp_path))
    assert fault_of(MailGateway(settings, PATIENT)).code == "auth_missing"


def test_without_a_user_nobody_logs_in(office: PostOffice, opened: Opens) -> None:
    MailGateway(mail_settings(opened(auth_require_tls=False).port)).hand_over(owed(MAILBOX))
    assert office.logins == []


class _Talker:
    """A listener that says one thing to whoever calls, then hangs up or goes on a byte at a time."""

    def __init__(self, says: bytes, *, drips: bool = False) -> None:
        self._says, self._drips = says, drips
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._talk)

    def __enter__(self) -> int:
        self._thread.start()
        return int(self._socket.getsockname()[1])

    def __exit__(self, *_why: object) -> None:
        self._thread.join()
        self._socket.close()

    def _talk(self) -> None:
        line, _ = self._socket.accept()
        with line:
            line.sendall(self._says)
            try:
                while self._drips:
                    time.sleep(0.02)
                    line.sendall(b"x")
            except OSError:
                return
