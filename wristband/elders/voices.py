"""The family's voice: a file from anybody becomes half a minute of clean sound that every phone plays."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from wristband.elders import worker
from wristband.elders.worker import Limits
from wristband.errors import BadValue

MOST_BYTES = 10 * 1024 * 1024
LONGEST_S = 30
VOICE_PLACE = "voice.mp3"  # of a clean recording in the store of sealed files
WORKER = Path(__file__).with_name("voice_worker.py")
WORKER_REFUSALS = frozenset(
    {"voice.damaged", "voice.no_sound_in_it", "voice.not_a_recording", "voice.silent", "voice.too_short"}
)
# The dearest honest recordings (10 MB of WAV, three hours of AMR: a minute is decoded) need 300 MB and 1.2 s.
LIMITS = Limits(memory_bytes=512 * 1024 * 1024)

# The frames that our worker makes and nothing else: MPEG-2 layer III, 40 kbit/s, 24 kHz, one channel, no padding.
_FRAME_HEAD = b"\xff\xf3\x54"
_FRAME_BYTES = 120
_FRAME_S = 0.024
_CHANNELS, _ONE_CHANNEL = 0xC0, 0xC0
_MOST_FRAMES = round((LONGEST_S + 1) / _FRAME_S)


@dataclass(frozen=True, slots=True)
class CleanVoice:
    """A recording fit to keep: frames of MP3 and nothing beside them, one channel, 40 kbit/s, at most 31 seconds.

    `sha256` is the hexadecimal digest of `mp3`. `cut`: there was more of it than is kept.
    """

    mp3: bytes
    seconds: float
    sha256: str
    cut: bool = False


def clean(data: bytes, limits: Limits = LIMITS) -> CleanVoice:
    """Make a clean recording of an uploaded file: M4A, MP3, AAC, WAV, WebM, Ogg, AMR or 3GP, at most 10 MB.

    Of a film the sound is taken. The quiet at both ends is cut off and the words are brought to one loudness. Raises
    BadValue: voice.missing (no bytes), voice.too_large, voice.not_a_recording, voice.damaged, voice.no_sound_in_it (a
    film without sound), voice.silent, voice.too_short, voice.unreadable (the decoder died or hit a limit); and
    Unavailable("voice.busy") when no desk becomes free in time.
    """
    if not data:
        raise BadValue("voice.missing")
    if len(data) > MOST_BYTES:
        raise BadValue("voice.too_large", most_mb=MOST_BYTES // 1024**2)
    kind = kind_of(data)
    if kind is None:
        raise BadValue("voice.not_a_recording")
    return read_answer(worker.ask(WORKER, [kind, str(LONGEST_S)], data, limits, busy="voice.busy"))


def kind_of(data: bytes) -> str | None:
    """The format by the first bytes, named as FFmpeg names its demuxers; None for anything we do not take.

    Never a guess of FFmpeg's own: among its formats are lists of other files and addresses to be opened.
    """
    if data[4:8] == b"ftyp":
        return "mov"
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return "wav"
    if data.startswith(b"OggS"):
        return "ogg"
    if data.startswith(b"\x1aE\xdf\xa3"):
        return "matroska"
    if data.startswith((b"#!AMR\n", b"#!AMR-WB\n")):
        return "amr"
    if data[:1] == b"\xff" and data[1:2] and data[1] & 0xF6 == 0xF0:
        return "aac"
    if data.startswith(b"ID3") or (data[:1] == b"\xff" and data[1:2] and data[1] & 0xE6 == 0xE2):
        return "mp3"
    return None


def read_answer(said: bytes) -> CleanVoice:
    """Believe the worker only as far as its answer is frames such as ours: hostile bytes have been in it.

    Raises BadValue: the refusal it names, or voice.unreadable.
    """
    head, _, mp3 = said.partition(b"\n")
    try:
        header = json.loads(head)
        if header.get("refused") in WORKER_REFUSALS:
            raise BadValue(header["refused"])
        whole = header["length"] == len(mp3)
        cut = header.get("cut") is True
    except (LookupError, ValueError, TypeError, AttributeError, RecursionError):
        raise BadValue("voice.unreadable") from None
    if not whole or not are_our_frames(mp3):
        raise BadValue("voice.unreadable")
    seconds = round(len(mp3) // _FRAME_BYTES * _FRAME_S, 1)
    return CleanVoice(mp3, seconds, hashlib.sha256(mp3).hexdigest(), cut)


def are_our_frames(mp3: bytes) -> bool:
    """Whether this is frames of MP3 as our worker makes them, some of them, and not one byte beside."""
    frames, rest = divmod(len(mp3), _FRAME_BYTES)
    heads = (mp3[at : at + 4] for at in range(0, len(mp3), _FRAME_BYTES))
    return (
        not rest
        and 0 < frames <= _MOST_FRAMES
        and all(head[:3] == _FRAME_HEAD and head[3] & _CHANNELS == _ONE_CHANNEL for head in heads)
    )
