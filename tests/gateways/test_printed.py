"""The printed gateway's file: what development reads, and what a crash may leave behind."""

from __future__ import annotations

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.gateways.rigs import BODY, RECIPIENT, handover
from wristband.gateways.contract import GatewayFault
from wristband.gateways.printed import PrintedGateway


def lines(folder: Path) -> list[str]:
    return (folder / "messages.jsonl").read_text().splitlines()


def test_a_line_tells_time_kind_recipient_words_and_key(tmp_path: Path) -> None:
    PrintedGateway(tmp_path).hand_over(handover())
    assert [json.loads(line) for line in lines(tmp_path)] == [
        {
            "time": "2026-11-24T06:05:00+00:00",
            "kind": "sms",
            "to": RECIPIENT,
            "body": BODY,
            "key": "message-0000000000000001",
            "wording": "sign_in_code",
        }
    ]


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    PrintedGateway(tmp_path).hand_over(handover())
    assert stat.S_IMODE((tmp_path / "messages.jsonl").stat().st_mode) == 0o600


def test_a_key_printed_by_another_process_is_not_printed_again(tmp_path: Path) -> None:
    one, other = PrintedGateway(tmp_path), PrintedGateway(tmp_path)
    one.hand_over(handover("message-0000000000000001"))
    other.hand_over(handover("message-0000000000000002"))
    one.hand_over(handover("message-0000000000000002"))
    other.hand_over(handover("message-0000000000000001"))
    assert len(lines(tmp_path)) == 2


def test_many_hands_at_once_print_every_key_once_and_whole(tmp_path: Path) -> None:
    gateways = [PrintedGateway(tmp_path) for _ in range(4)]
    handovers = [handover(f"message-{number:016d}") for number in range(50)] * 4
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda pair: gateways[pair[0] % 4].hand_over(pair[1]), enumerate(handovers)))
    assert sorted(json.loads(line)["key"] for line in lines(tmp_path)) == [f"message-{n:016d}" for n in range(50)]


@pytest.mark.parametrize("kept", [0, 1, 40])
def test_a_line_torn_by_a_crash_counts_as_never_printed(tmp_path: Path, kept: int) -> None:
    PrintedGateway(tmp_path).hand_over(handover("message-0000000000000001"))
    PrintedGateway(tmp_path).hand_over(handover("message-0000000000000002"))
    first, second = (tmp_path / "messages.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "messages.jsonl").write_bytes(first + second[:kept])
    gateway = PrintedGateway(tmp_path)
    gateway.hand_over(handover("message-0000000000000002"))
    gateway.hand_over(handover("message-0000000000000002"))
    whole = [line for line in lines(tmp_path) if line.startswith("{") and line.endswith("}")]
    assert [json.loads(line)["key"] for line in whole] == ["message-0000000000000001", "message-0000000000000002"]


def test_a_line_that_lacks_only_its_end_was_printed(tmp_path: Path) -> None:
    PrintedGateway(tmp_path).hand_over(handover())
    file = tmp_path / "messages.jsonl"
    file.write_bytes(file.read_bytes().rstrip(b"\n"))
    gateway = PrintedGateway(tmp_path)
    gateway.hand_over(handover())
    gateway.hand_over(handover("message-0000000000000002"))
    keys = [json.loads(line)["key"] for line in lines(tmp_path)]
    assert keys == ["message-0000000000000001", "message-0000000000000002"]


def test_an_emptied_file_starts_afresh(tmp_path: Path) -> None:
    gateway = PrintedGateway(tmp_path)
    gateway.hand_over(handover())
    gateway.hand_over(handover())
    (tmp_path / "messages.jsonl").unlink()
    gateway.hand_over(handover())
    assert len(lines(tmp_path)) == 1


def test_a_line_somebody_else_wrote_hinders_nobody(tmp_path: Path) -> None:
    (tmp_path / "messages.jsonl").write_text('not json\n{"other": 1}\n[]\n\n')
    PrintedGateway(tmp_path).hand_over(handover())
    assert json.loads(lines(tmp_path)[-1])["key"] == "message-0000000000000001"


@pytest.mark.parametrize(("told", "permanent"), [("permanent", True), ("passing", False), ("", False), ("?", False)])
def test_it_fails_while_it_is_told_to(tmp_path: Path, told: str, permanent: bool) -> None:
    (tmp_path / "messages.fail").write_text(told)
    gateway = PrintedGateway(tmp_path)
    with pytest.raises(GatewayFault) as fault:
        gateway.hand_over(handover())
    assert (fault.value.permanent, fault.value.code) == (permanent, "told_to_fail")
    (tmp_path / "messages.fail").unlink()
    gateway.hand_over(handover())
    assert len(lines(tmp_path)) == 1


def test_a_folder_that_cannot_be_written_is_a_passing_fault(tmp_path: Path) -> None:
    with pytest.raises(GatewayFault) as fault:
        PrintedGateway(tmp_path / "gone").hand_over(handover())
    assert (fault.value.permanent, fault.value.code) == (False, "filenotfounderror")
