"""Recordings as phones and browsers make them, and hostile look-alikes: a hummed voice, drawn by arithmetic."""

from __future__ import annotations

import hashlib
import io
import struct
import wave
from fractions import Fraction
from functools import cache

import av
import numpy

RATE = 48_000
CANARY = "CANARY-9c41"  # the title of every recording that can have one: a trace of it in a clean one is a leak
Samples = numpy.typing.NDArray[numpy.float32]


def hummed(seconds: float, loudness: float = 0.1) -> Samples:
    """A voice that rises and falls three times a second; `loudness` is its amplitude, 1 the full scale."""
    at = numpy.arange(round(seconds * RATE)) / RATE
    sound = sum(numpy.sin(2 * numpy.pi * 180 * overtone * at) / overtone for overtone in (1, 2, 3))
    wavering = 0.6 + 0.4 * numpy.sin(2 * numpy.pi * 3 * at)
    return (loudness * sound * wavering / 1.5).astype(numpy.float32)


def quiet(seconds: float) -> Samples:
    return numpy.zeros(round(seconds * RATE), dtype=numpy.float32)


def wav(samples: Samples) -> bytes:
    """16 bits, one channel."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return out.getvalue()


def encoded(samples: Samples, container: str, codec: str) -> bytes:
    """The samples in a container of FFmpeg's, its title the canary."""
    out = io.BytesIO()
    with av.open(out, "w", format=container) as file:
        file.metadata["title"] = CANARY
        _write(file, file.add_stream(codec, rate=RATE, layout="mono"), samples)
    return out.getvalue()


def _write(file: av.container.OutputContainer, stream: av.AudioStream, samples: Samples) -> None:
    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="flt", layout="mono")
    frame.sample_rate = RATE
    even = av.AudioResampler(format=stream.format.name, layout="mono", rate=RATE)
    for part in [*even.resample(frame), *even.resample(None), None]:
        for packet in stream.encode(part):
            file.mux(packet)


@cache
def m4a(seconds: float = 4.0) -> bytes:
    """As an iPhone's recorder makes them."""
    return encoded(hummed(seconds), "ipod", "aac")


@cache
def webm(seconds: float = 4.0) -> bytes:
    """As Chromium's MediaRecorder makes them."""
    return encoded(hummed(seconds), "webm", "libopus")


def film(samples: Samples | None) -> bytes:
    """A second of grey pictures, with this sound or none."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as file:
        pictures = file.add_stream("mpeg4", rate=Fraction(10))
        pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        sound = file.add_stream("aac", rate=RATE, layout="mono") if samples is not None else None
        for _ in range(10):
            for packet in pictures.encode(av.VideoFrame(64, 48, "yuv420p")):
                file.mux(packet)
        for packet in pictures.encode(None):
            file.mux(packet)
        if sound is not None and samples is not None:
            _write(file, sound, samples)
    return out.getvalue()


def amr(seconds: float) -> bytes:
    """Telephone sound of 12.2 kbit/s, 32 bytes each fiftieth of a second: what it says is the digest's noise."""
    noise = b"".join(hashlib.sha256(struct.pack("<I", number)).digest()[:31] for number in range(500))
    frames = b"".join(b"\x3c" + noise[at : at + 31] for at in range(0, len(noise), 31))
    return b"#!AMR\n" + (frames * (round(seconds * 50) // 500 + 1))[: round(seconds * 50) * 32]


def bomb(hours: float) -> bytes:
    """Hours of silence in a megabyte: Opus says nothing in three bytes for a fiftieth of a second."""
    out = io.BytesIO()
    with av.open(out, "w", format="ogg") as file:
        stream = file.add_stream("libopus", rate=RATE, layout="mono")
        for number in range(round(hours * 3600 * 50)):
            packet = av.Packet(b"\xf8\xff\xfe")
            packet.stream, packet.pts, packet.dts, packet.time_base = (
                stream,
                number * 960,
                number * 960,
                Fraction(1, RATE),
            )
            file.mux(packet)
    return out.getvalue()


def heard(mp3: bytes) -> Samples:
    """What a phone makes of a clean recording: its samples, at 24 kHz."""
    with av.open(io.BytesIO(mp3), "r", format="mp3") as file:
        pieces = [frame.to_ndarray().reshape(-1) for frame in file.decode(audio=0)]
    return numpy.concatenate(pieces).astype(numpy.float32)


def loudness_db(samples: Samples) -> float:
    """Of the whole, below full scale."""
    return float(20 * numpy.log10(numpy.sqrt(numpy.mean(numpy.square(samples)))))
