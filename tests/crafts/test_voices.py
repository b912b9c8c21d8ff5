"""A file from anybody becomes half a minute of sound that every phone plays, or a clear refusal."""

from __future__ import annotations

import hashlib
import struct
import subprocess
import sys
from collections.abc import Callable

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import recordings
from tests.recordings import CANARY, amr, encoded, film, heard, hummed, loudness_db, m4a, quiet, wav, webm
from wristband.elders.voices import MOST_BYTES, WORKER, are_our_frames, clean, kind_of, read_answer
from wristband.elders.worker import Limits
from wristband.errors import BadValue
from wristband.refusals import SENTENCES

HTML = b"<!doctype html><title>voice</title><script>alert(1)</script>"
PLAYLIST = b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"
FRAME = b"\xff\xf3\x54\xc4" + bytes(116)


def refusal_of(data: bytes, limits: Limits | None = None) -> str:
    with pytest.raises(BadValue) as refused:
        clean(data, limits) if limits else clean(data)
    assert SENTENCES[refused.value.code] % refused.value.facts
    return refused.value.code


# Honest recordings


@pytest.mark.parametrize(
    "recorded",
    [
        m4a,
        webm,
        lambda: wav(hummed(4)),
        lambda: encoded(hummed(4), "mp3", "libmp3lame"),
        lambda: encoded(hummed(4), "ogg", "libopus"),
        lambda: encoded(hummed(4), "adts", "aac"),
        lambda: amr(4),
        lambda: film(hummed(4)),
    ],
    ids=["m4a", "webm", "wav", "mp3", "ogg", "aac", "amr", "film"],
)
def test_whatever_a_phone_or_browser_records_comes_out_as_the_same_few_seconds(recorded: Callable[[], bytes]) -> None:
    voice = clean(recorded())
    assert voice.seconds == pytest.approx(4, abs=0.3)
    assert heard(voice.mp3).size / 24_000 == pytest.approx(voice.seconds, abs=0.2)
    assert not voice.cut


@pytest.mark.parametrize(
    "recorded", [m4a, webm, lambda: encoded(hummed(4), "mp3", "libmp3lame")], ids=["m4a", "webm", "mp3"]
)
def test_nothing_but_sound_is_left_of_a_recording(recorded: Callable[[], bytes]) -> None:
    data = recorded()
    assert CANARY.encode() in data
    voice = clean(data)
    assert CANARY.encode() not in voice.mp3
    assert are_our_frames(voice.mp3)
    assert not [mark for mark in (b"ID3", b"TAG", b"Lavf", b"Xing", b"Info") if mark in voice.mp3]


def test_the_digest_is_of_the_bytes_that_are_kept() -> None:
    voice = clean(m4a())
    assert voice.sha256 == hashlib.sha256(voice.mp3).hexdigest()
    assert clean(m4a()).mp3 == voice.mp3


@pytest.mark.parametrize("loudness", [0.03, 0.1, 0.9])
def test_a_whisper_and_a_shout_come_out_equally_loud(loudness: float) -> None:
    assert loudness_db(heard(clean(wav(hummed(3, loudness))).mp3)) == pytest.approx(-20, abs=2.5)


def test_a_shout_is_bent_and_never_clipped() -> None:
    peaks = numpy.concatenate([hummed(2, 0.02), hummed(0.2, 0.99), hummed(2, 0.02)])
    assert numpy.abs(heard(clean(wav(peaks)).mp3)).max() < 1


def test_the_quiet_before_the_first_word_and_after_the_last_is_cut_off() -> None:
    recorded = numpy.concatenate([quiet(12), hummed(3), quiet(9)])
    voice = clean(wav(recorded))
    assert voice.seconds == pytest.approx(3.5, abs=0.2)
    assert numpy.abs(heard(voice.mp3)[: 24_000 // 5]).max() < 0.01


def test_half_a_minute_is_kept_whole() -> None:
    voice = clean(wav(hummed(30)))
    assert voice.seconds == pytest.approx(30, abs=0.2)
    assert not voice.cut
    assert len(voice.mp3) <= 155_000


def test_of_more_than_half_a_minute_the_first_half_is_kept_and_that_is_told() -> None:
    voice = clean(m4a(45.0))
    assert voice.seconds == pytest.approx(30, abs=0.2)
    assert voice.cut


def test_a_single_short_word_is_taken() -> None:
    word = numpy.concatenate([quiet(1), hummed(0.3), quiet(1)])
    assert clean(wav(word)).seconds == pytest.approx(1, abs=0.2)


# Bad input


def test_an_empty_file_is_refused() -> None:
    assert refusal_of(b"") == "voice.missing"


@pytest.mark.parametrize(
    "data", [HTML, PLAYLIST, b"\x89PNG\r\n\x1a\n" + bytes(99), b"fLaC" + bytes(99), b"\0" * 99, b"\xff"]
)
def test_what_does_not_begin_as_a_recording_is_refused(data: bytes) -> None:
    assert refusal_of(data) == "voice.not_a_recording"


@pytest.mark.parametrize(
    "head",
    [
        b"\0\0\0\x18ftypM4A ",
        b"RIFF\x40\0\0\0WAVE",
        b"OggS",
        b"\x1aE\xdf\xa3",
        b"#!AMR\n",
        b"\xff\xf1\x50",
        b"ID3\4\0\0\0\0\0\0",
    ],
)
@pytest.mark.parametrize("rest", [HTML, b""], ids=["page", "nothing"])
def test_a_file_that_only_begins_as_a_recording_is_refused(head: bytes, rest: bytes) -> None:
    assert refusal_of(head + rest) in {"voice.damaged", "voice.silent", "voice.too_short"}


def test_a_file_of_eleven_megabytes_is_refused_before_it_is_read() -> None:
    assert refusal_of(m4a() + bytes(MOST_BYTES)) == "voice.too_large"


def test_an_m4a_cut_off_on_its_way_is_refused() -> None:
    data = m4a()
    assert refusal_of(data[: len(data) * 2 // 3]) == "voice.damaged"


def test_of_a_stream_cut_off_on_its_way_what_came_is_kept() -> None:
    data = webm()
    assert 1 < clean(data[: len(data) * 2 // 3]).seconds < 3.5


def test_a_hole_in_the_middle_costs_only_itself() -> None:
    data = encoded(hummed(6), "mp3", "libmp3lame")
    torn = data[: len(data) // 3] + bytes(2_000) + data[len(data) // 3 + 2_000 :]
    assert clean(torn).seconds == pytest.approx(6, abs=0.6)


def test_a_film_without_sound_is_refused() -> None:
    assert refusal_of(film(None)) == "voice.no_sound_in_it"


def test_a_muted_microphone_is_refused() -> None:
    assert refusal_of(wav(quiet(5))) == "voice.silent"


def test_the_hiss_of_an_empty_room_is_no_voice() -> None:
    hiss = numpy.random.default_rng(7).normal(0, 10 ** (-60 / 20), 5 * recordings.RATE).astype(numpy.float32)
    assert refusal_of(wav(hiss)) == "voice.silent"


def test_a_microphone_that_only_pushes_to_one_side_is_silent() -> None:
    assert refusal_of(wav(quiet(5) + numpy.float32(0.4))) == "voice.silent"


def test_half_a_second_is_too_short() -> None:
    assert refusal_of(wav(hummed(0.5))) == "voice.too_short"


def test_three_hours_are_cut_like_one_minute() -> None:
    data = amr(3 * 3600)[: MOST_BYTES - 1]
    voice = clean(data)
    assert voice.seconds == pytest.approx(30, abs=0.2)
    assert voice.cut


def test_hours_of_silence_in_a_small_file_cost_a_minute_of_it() -> None:
    data = recordings.bomb(3)
    assert len(data) < 3_000_000
    assert refusal_of(data) == "voice.silent"


def test_a_wav_that_promises_four_gigabytes_gives_what_it_has() -> None:
    data = bytearray(wav(hummed(3)))
    struct.pack_into("<I", data, 4, 0xFFFFFFFF)
    struct.pack_into("<I", data, 40, 0xFFFFFFF0)
    assert clean(bytes(data)).seconds == pytest.approx(3, abs=0.3)


def test_samples_that_are_no_numbers_are_no_sound() -> None:
    body = numpy.full(3 * recordings.RATE, numpy.nan, dtype="<f4").tobytes()
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        36 + len(body),
        b"WAVE",
        b"fmt ",
        16,
        3,
        1,
        recordings.RATE,
        4 * recordings.RATE,
        4,
        32,
        b"data",
        len(body),
    )
    assert refusal_of(head + body) == "voice.silent"


# The worker


def test_a_worker_out_of_memory_costs_the_recording_and_nothing_else() -> None:
    assert refusal_of(m4a(), Limits(memory_bytes=64 * 1024 * 1024)) == "voice.unreadable"
    assert clean(m4a()).mp3


def test_a_worker_that_takes_too_long_is_ended() -> None:
    assert refusal_of(m4a(), Limits(time_s=0.01)) == "voice.unreadable"


def test_a_refusal_that_is_none_of_the_workers_is_not_believed() -> None:
    assert read_refusal(b'{"refused": "elders.no_voice"}\n') == "voice.unreadable"
    assert read_refusal(b'{"refused": "voice.silent"}\n') == "voice.silent"


def read_refusal(said: bytes) -> str:
    with pytest.raises(BadValue) as refused:
        read_answer(said)
    return refused.value.code


@given(st.binary(max_size=300))
def test_whatever_a_hijacked_worker_says_is_refused(said: bytes) -> None:
    assert read_refusal(said) == "voice.unreadable"


@pytest.mark.parametrize(
    ("length", "body"),
    [
        (119, FRAME[:119]),
        (240, FRAME),
        (0, b""),
        (120, b"ID3\4" + bytes(116)),
        (240, FRAME + b"\xff\xfb\x54\xc4" + bytes(116)),
        (240, FRAME + b"\xff\xf3\x54\x04" + bytes(116)),
        (120 * 1_300, FRAME * 1_300),
    ],
    ids=["half a frame", "less than told", "nothing", "a title", "another rate", "two channels", "too long"],
)
def test_a_worker_is_believed_only_for_frames_such_as_ours(length: int, body: bytes) -> None:
    assert read_refusal(b'{"length": %d, "cut": false}\n' % length + body) == "voice.unreadable"


@given(st.binary(max_size=64))
def test_no_first_bytes_are_taken_for_a_format_that_lists_other_files(head: bytes) -> None:
    assert kind_of(head) in {None, "mov", "wav", "ogg", "matroska", "amr", "aac", "mp3"}


def test_a_worker_can_open_neither_a_file_nor_a_way_to_another_machine() -> None:
    """FFmpeg knows formats that name other files and addresses; whatever it were told, there is no way to them."""
    script = (
        "import importlib.util, socket, sys\n"
        "spec = importlib.util.spec_from_file_location('worker', sys.argv[1])\n"
        "worker = importlib.util.module_from_spec(spec); spec.loader.exec_module(worker)\n"
        "worker.rehearse(); worker.limit_this_process(640 * 1024 * 1024, 10)\n"
        "for way in (lambda: open(sys.argv[1]), socket.socket):\n"
        "    try: way()\n"
        "    except OSError: print('shut')\n"
    )
    said = subprocess.run([sys.executable, "-c", script, str(WORKER)], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["shut", "shut"]
