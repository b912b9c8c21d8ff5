"""The short-lived process that opens a stranger's recording: a decoder that dies or runs wild takes only itself along.

Run by wristband/elders/voices.py by its path, never imported by the application: it knows the standard library, NumPy
and PyAV only. Standard input is the file; arguments are its format as FFmpeg names its demuxers, the longest duration
to give back in seconds, and the limits of memory and processor time. Standard output is one line of JSON and the MP3
frames that it announces, or the code of a refusal:

    {"length": 48000, "cut": false}\n <48000 bytes>
    {"refused": "voice.silent"}\n
"""

from __future__ import annotations

import io
import json
import resource
import sys
import wave
from collections.abc import Iterator

import av
import av.error
import numpy
from av.audio.codeccontext import AudioCodecContext
from numpy.typing import NDArray

Samples = NDArray[numpy.float32]
"""One channel, -1 to 1, RATE a second."""

RATE = 24_000
BIT_RATE = 40_000  # of speech; half a minute is 150 kB and may stand inside a page
WINDOW = RATE // 20  # loudness is measured by twentieths of a second
FRAME_SAMPLES = 576  # of MPEG-2 layer III
SHORTEST_S = 1
LEAD_S = 0.25  # of the quiet before the first word and after the last is left
MOST_QUIET_S = 30  # of it at the beginning is passed over to find the first word
# Of full scale. A muted microphone gives nothing at all, a room at night -60 dB, whispering -40 dB.
SILENT = 10 ** (-50 / 20)
SPEECH = 10 ** (-20 / 20)  # what the words are brought to: loud on a small loudspeaker, and not distorted
MOST_GAIN = 10 ** (30 / 20)
# Everything a phone or a browser records with, and no more: each decoder is a door.
DECODERS = frozenset(
    {
        *("aac", "aac_latm", "alac", "mp3", "mp3float", "opus", "libopus", "vorbis", "amrnb", "amrwb"),
        *("libopencore_amrnb", "libopencore_amrwb", "flac"),
        *("pcm_s16le", "pcm_s16be", "pcm_u8", "pcm_s24le", "pcm_f32le", "pcm_mulaw", "pcm_alaw"),
    }
)


class Refused(Exception):
    """The recording is not taken; the argument is the refusal's code."""


def limit_this_process(memory_bytes: int, cpu_s: int) -> None:
    """From here on this process can neither grow, nor run long, nor open a file or a socket, nor leave a core dump.

    A recording can name others to be played along with it: there is no way to them.
    """
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))


def decode(data: bytes, kind: str, longest_s: int) -> Samples:
    """The sound from its beginning, as much of it as can be of use; what a damaged file holds, as far as it goes."""
    pieces: list[Samples] = []
    enough = (longest_s + MOST_QUIET_S + 1) * RATE
    try:
        for piece in _pieces(data, kind):
            pieces.append(piece)
            enough -= piece.size
            if enough <= 0:
                break
    except MemoryError:  # one of FFmpeg's faults, too
        raise
    except (av.error.FFmpegError, ValueError) as problem:
        if not pieces:
            raise Refused("voice.damaged") from problem
    if not pieces:
        raise Refused("voice.damaged")
    return numpy.concatenate(pieces)


def _pieces(data: bytes, kind: str) -> Iterator[Samples]:
    options = {"protocol_whitelist": "", "format_whitelist": kind, "codec_whitelist": ",".join(sorted(DECODERS))}
    with av.open(io.BytesIO(data), "r", format=kind, container_options=options) as container:
        if not container.streams.audio:
            raise Refused("voice.no_sound_in_it")
        stream = container.streams.audio[0]
        if stream.codec_context is None or stream.codec_context.name not in DECODERS:
            raise Refused("voice.not_a_recording")
        stream.codec_context.thread_count = 1
        to_speech = av.AudioResampler(format="flt", layout="mono", rate=RATE)
        for packet in container.demux(stream):
            try:
                frames = packet.decode()
            except av.error.InvalidDataError:
                continue  # torn: the rest may be whole
            for frame in frames:
                yield from map(_samples, to_speech.resample(frame))
        yield from map(_samples, to_speech.resample(None))


def _samples(frame: av.AudioFrame) -> Samples:
    return frame.to_ndarray().reshape(-1).astype(numpy.float32, copy=False)


def loudness(samples: Samples) -> Samples:
    """The root mean square of each window, the last one's rest left out."""
    whole = samples[: samples.size // WINDOW * WINDOW].reshape(-1, WINDOW)
    levels: Samples = numpy.sqrt(numpy.mean(numpy.square(whole), axis=1))
    return levels


def to_words(samples: Samples, longest_s: int) -> tuple[Samples, bool]:
    """From shortly before the first word to shortly after the last, at most so many seconds; whether any was cut off.

    Raises Refused("voice.silent"), or "voice.too_short" for what is over before anything can have been said.
    """
    samples = numpy.nan_to_num(samples) - numpy.float32(numpy.mean(numpy.nan_to_num(samples)))
    if samples.size < SHORTEST_S * RATE:
        raise Refused("voice.too_short")
    loud = numpy.flatnonzero(loudness(samples) > SILENT)
    if not loud.size:
        raise Refused("voice.silent")
    first = max(int(loud[0] * WINDOW - LEAD_S * RATE), 0)
    last = int((loud[-1] + 1) * WINDOW + LEAD_S * RATE)
    words = samples[first:last]
    if words.size < SHORTEST_S * RATE:  # a short word, whose quiet around it is kept
        words = samples[first : first + SHORTEST_S * RATE]
    return words[: longest_s * RATE], words.size > longest_s * RATE


def to_speech_level(words: Samples) -> Samples:
    """The words at the loudness of speech, what is quiet between them not counted; peaks are bent, not clipped."""
    levels = loudness(words)
    spoken = levels[levels > max(SILENT, float(levels.max()) / 10)]
    gain = min(SPEECH / float(numpy.sqrt(numpy.mean(numpy.square(spoken)))), MOST_GAIN) if spoken.size else 1.0
    raised = words * gain
    over = numpy.abs(raised) > 0.5
    raised[over] = numpy.sign(raised[over]) * (0.5 + 0.45 * numpy.tanh((numpy.abs(raised[over]) - 0.5) / 0.45))
    return raised


def encode(words: Samples) -> bytes:
    """Nothing but frames of MP3: there is no place in them for a title, a place or a name."""
    encoder = AudioCodecContext.create("libmp3lame", "w")
    encoder.sample_rate, encoder.layout, encoder.format, encoder.bit_rate = RATE, "mono", "fltp", BIT_RATE
    out = bytearray()
    for start in range(0, words.size, FRAME_SAMPLES):
        block = words[start : start + FRAME_SAMPLES]
        block = numpy.pad(block, (0, FRAME_SAMPLES - block.size))
        frame = av.AudioFrame.from_ndarray(block.reshape(1, -1), format="fltp", layout="mono")
        frame.sample_rate, frame.pts = RATE, start
        for packet in encoder.encode(frame):
            out += bytes(packet)
    for packet in encoder.encode(None):
        out += bytes(packet)
    return bytes(out)


def rehearse() -> None:
    """Once through with a sound of our own, while files may still be opened: PyAV imports parts of itself late."""
    own = io.BytesIO()
    with wave.open(own, "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(bytes(2 * RATE))
    encode(decode(own.getvalue(), "wav", SHORTEST_S))


def answer(header: dict[str, object], body: bytes = b"") -> None:
    sys.stdout.buffer.write(json.dumps(header).encode() + b"\n" + body)
    sys.stdout.buffer.flush()


def main(kind: str, longest_s: int, memory_bytes: int, cpu_s: int) -> None:
    """One recording from standard input to standard output, within these limits."""
    rehearse()
    limit_this_process(memory_bytes, cpu_s)
    try:
        words, cut = to_words(decode(sys.stdin.buffer.read(), kind, longest_s), longest_s)
        mp3 = encode(to_speech_level(words))
    except Refused as refused:
        answer({"refused": str(refused)})
        return
    answer({"length": len(mp3), "cut": cut}, mp3)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
