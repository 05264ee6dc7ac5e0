"""Streams reach real peers, keep their rate and their secrets, and come back."""

from __future__ import annotations

import re
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from threading import Event, Thread
from typing import IO, Any

import numpy as np
import pytest
from imageio_ffmpeg import get_ffmpeg_exe

import genart
from genart.live.outputs.worker import OutputWorker
from genart.playback.faults import Faults
from genart_stream.encoder import Encoder, command, picture
from genart_stream.protocols import PROTOCOLS
from genart_stream.sink import StreamSink
from genart_stream.target import Target, read_target

RATE, SIZE = Fraction(25), (48, 64)
COLOURS = ((200, 30, 60), (10, 220, 40), (20, 40, 230), (128, 128, 128))
KEY = "live_8f3a-key"


def quarters(size: tuple[int, int] = SIZE, alpha: int | None = None) -> np.ndarray:
    """A frame of four colours."""
    height, width = size[0] // 2, size[1] // 2
    frame = np.zeros((*size, 3), np.uint8)
    for k, colour in enumerate(COLOURS):
        top, left = k // 2 * height, k % 2 * width
        frame[top : top + height + 1, left : left + width + 1] = colour
    if alpha is None:
        return frame
    return np.dstack([frame, np.full(size, alpha, np.uint8)])


def lively(frame: np.ndarray) -> np.ndarray:
    """The frame with noise along its top: a stream of still images is too thin to probe."""
    fresh = frame.copy()
    fresh[:6, :, :3] = np.random.default_rng().integers(0, 255, fresh[:6, :, :3].shape, np.uint8)
    return fresh


def seen(frame: np.ndarray) -> list[np.ndarray]:
    height, width = frame.shape[:2]
    return [frame[height * y // 4, width * x // 4].astype(int) for y in (1, 3) for x in (1, 3)]


class Peer:
    """An ffmpeg that receives a stream, and tells what it is."""

    def __init__(self, where: list[str], size: tuple[int, int] = SIZE) -> None:
        self.frame: np.ndarray | None = None
        self.count, self._size = 0, size
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        quick = ["-probesize", "4096", "-analyzeduration", "0", "-fflags", "nobuffer"]
        out = ["-map", "0:v:0", "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"]
        self._process = subprocess.Popen(
            [get_ffmpeg_exe(), "-hide_banner", "-nostats", *quick, *where, *out],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._said,
        )  # fmt: skip
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        height, width = self._size
        assert self._process.stdout is not None
        while len(data := self._process.stdout.read(height * width * 3)) == height * width * 3:
            self.frame = np.frombuffer(data, np.uint8).reshape(height, width, 3)
            self.count += 1

    def said(self) -> str:
        self._said.seek(0)
        return self._said.read().decode()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._said.close()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def taken(number: int) -> bool:
    """Whether somebody listens on a UDP port."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.bind(("127.0.0.1", number))
    except OSError:
        return True
    return False


def play(sink: genart.Sink, frame: np.ndarray, until: Callable[[], bool]) -> list[str]:
    """Write at the rate until something is so; returns the messages meanwhile."""
    told: list[str] = []
    beat, end = Event(), time.monotonic() + 30
    while not until():
        assert time.monotonic() < end, "it never came to that"
        try:
            sink.write(lively(frame))
        except genart.errors.OutputAway as error:
            told.append(str(error))
        beat.wait(float(1 / RATE))
    return told


def opened(url: str, size: tuple[int, int] = SIZE) -> StreamSink:
    made = genart.registry("sink").create(url.partition(":")[0], path=url, fps=RATE, size=size)
    assert isinstance(made, StreamSink)
    return made


def test_a_udp_stream_holds_the_image_in_bt709_with_alpha_on_black(stack: ExitStack) -> None:
    number = port(socket.SOCK_DGRAM)
    where = f"udp://127.0.0.1:{number}"
    peer = Peer(["-f", "mpegts", "-i", where])
    stack.callback(peer.kill)
    play(genart.MemorySink(), quarters(), lambda: taken(number))
    sink = opened(f"{where}?bitrate=2M", size=(49, 65))
    stack.callback(sink.close)
    play(sink, quarters((49, 65), alpha=128), lambda: peer.count >= 5)
    assert peer.frame is not None
    for colour, got in zip(COLOURS, seen(peer.frame), strict=True):
        assert np.abs(np.array(colour) * 128 / 255 - got).max() <= 5
    assert re.search(
        r"Video: h264 .*yuv420p\(tv, bt709, progressive\), 64x48.* 25 fps", peer.said()
    )


def test_an_srt_caller_brings_another_size_whole_between_bars(stack: ExitStack) -> None:
    where = f"srt://127.0.0.1:{port(socket.SOCK_DGRAM)}"
    peer = Peer(["-f", "mpegts", "-i", f"{where}?mode=listener&passphrase={KEY}"], (48, 96))
    stack.callback(peer.kill)
    sink = opened(f"{where}?size=96x48&passphrase={KEY}&latency=40")
    stack.callback(sink.close)
    play(sink, quarters(), lambda: peer.count >= 3)
    assert peer.frame is not None
    assert peer.frame[:, :12].max() <= 3
    assert peer.frame[:, -12:].max() <= 3
    for colour, got in zip(COLOURS, seen(peer.frame[:, 16:80]), strict=True):
        assert np.abs(np.array(colour) - got).max() <= 5


def test_an_rtmp_stream_has_silence_and_comes_back_after_its_server(stack: ExitStack) -> None:
    where, lines = f"rtmp://127.0.0.1:{port()}/app/{KEY}", list[str]()
    faults = Faults(lines.append)
    sink = StreamSink(f"{where}?token=hidden", fps=RATE, size=SIZE, now=_hurried)
    outlet = OutputWorker("rtmp", sink, faults)
    stack.callback(outlet.close)
    serve = lambda: Peer(["-listen", "1", "-i", where])  # noqa: E731
    play(outlet, quarters(), lambda: outlet.away)
    first = serve()
    play(outlet, quarters(), lambda: first.count >= 3 and not outlet.away)
    sound = first.said()
    first.kill()
    play(outlet, quarters(), lambda: outlet.away)
    second = serve()
    stack.callback(second.kill)
    play(outlet, quarters(), lambda: second.count >= 3 and not outlet.away)
    assert re.search(r"Audio: aac \(LC\), 48000 Hz, stereo", sound)
    assert len(lines) == 4
    assert re.fullmatch(
        r"rtmp: rtmp://127.0.0.1:\d+ does not answer \(.*\); trying again.", lines[0]
    )
    assert re.fullmatch(
        r"rtmp: rtmp://127.0.0.1:\d+ is disconnected \(.*\); trying again.", lines[2]
    )
    assert lines[1].startswith("rtmp: back after ")
    assert lines[3].startswith("rtmp: back after ")
    assert not faults.now()
    assert KEY not in str((lines, faults.all()))
    assert "hidden" not in str((lines, faults.all()))


def _hurried() -> float:
    """A clock ten times as fast, so that nobody waits long between tries."""
    return 10 * time.monotonic()


def test_it_is_not_back_before_its_server_has_taken_the_stream(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tries: list[Encoder] = []

    class Counted(Encoder):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given)
            tries.append(self)

    monkeypatch.setattr("genart_stream.sink.Encoder", Counted)
    where = f"rtmp://127.0.0.1:{port()}/app/{KEY}"  # where nobody listens
    sink = StreamSink(where, fps=RATE, size=SIZE, now=_hurried)
    taken: list[int] = []
    sink_write = sink.write
    monkeypatch.setattr(sink, "write", lambda f: (sink_write(f), taken.append(len(tries))))
    play(sink, quarters(), lambda: len(tries) >= 3)
    sink.abort()
    assert set(taken) <= {1}  # the first try, before it was known that nobody is there


def test_the_time_between_tries_doubles_up_to_ten_seconds_and_nothing_runs_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tries: list[float] = []
    now = 100.0

    class Deaf(Encoder):
        def __init__(self, *_: object) -> None:
            tries.append(now)

        begun = False

        def write(self, frame: np.ndarray) -> None:
            raise BrokenPipeError

        def reason(self) -> str:
            return "nobody there"

        def kill(self) -> None: ...

        def close(self, patience: float = 5.0) -> None: ...

    monkeypatch.setattr("genart_stream.sink.Encoder", Deaf)
    sink = StreamSink(f"rtmp://host/app/{KEY}", fps=RATE, size=SIZE, now=lambda: now)
    for _ in range(400):
        with pytest.raises(
            genart.errors.OutputAway, match=r"^rtmp://host does not answer \(nobody there\)"
        ):
            sink.write(quarters())
        now += 0.1
    assert np.diff(tries).round() == pytest.approx([1, 2, 4, 8, 10, 10])


def test_a_peer_that_never_answers_holds_up_nobody(stack: ExitStack) -> None:
    deaf = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    sink = opened(f"rtmp://127.0.0.1:{deaf.getsockname()[1]}/app/{KEY}", size=(240, 320))
    outlet = OutputWorker("rtmp", sink, Faults(lambda line: None))
    stack.callback(outlet.close)
    frame = quarters((240, 320))
    play(outlet, frame, lambda: not outlet.drained(0.1))
    before = outlet.dropped
    for _ in range(100):
        outlet.write(frame)
    assert outlet.dropped == before + 100
    deaf.close()
    play(outlet, frame, lambda: outlet.away)


def given(url: str, fps: int = 30, size: tuple[int, int] = (1080, 1920)) -> Target:
    return read_target(url, Fraction(fps), size)


def test_options_of_ours_leave_the_url_and_others_stay() -> None:
    target = given(
        f"srt://u:pw@host:9?bitrate=6M&size=1281x720&latency=80&passphrase={KEY}&preset=fast"
    )
    assert target.url.startswith(f"srt://u:pw@host:9?latency=80&passphrase={KEY}&")
    assert "pkt_size=1316" in target.url
    assert (target.bitrate, target.size, target.preset) == (6_000_000, (720, 1280), "fast")
    assert target.place == "srt://host:9"
    assert not target.silence
    assert given("rtmp://host/app/key").silence
    assert not given("rtmp://host/app/key?audio=none").silence
    assert given("rtmp://host/app/key?audio=none").url == "rtmp://host/app/key"
    assert "pkt_size=100&" in given("udp://host:1?pkt_size=100&ttl=3").url
    assert given("udp://host:1").bitrate == 6_220_800
    assert given("udp://host:1", size=(16, 16)).bitrate == 500_000


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (
            "rtmp:/app/live_8f3a-key",
            "a URL with a host, which starts with rtmp://, rtmps://, srt://",
        ),
        ("http://host/live_8f3a-key", "starts with rtmp://"),
        (
            "rtmp://host/live_8f3a-key?bitrate=fast",
            'bitrate=fast is not a bit rate. .* "bitrate=6M"',
        ),
        ("rtmp://host/live_8f3a-key?bitrate=1", "Use 10k to 200M"),
        ("rtmp://host/live_8f3a-key?size=big", 'size=big is not a size. .* "size=1280x720"'),
        ("rtmp://host/live_8f3a-key?preset=slow", "preset=slow is not one of ultrafast"),
        ("rtmp://host/live_8f3a-key?audio=loud", "audio=loud is not one of silence, none"),
    ],
)
def test_a_url_that_cannot_be_is_reported_without_its_key(url: str, says: str) -> None:
    with pytest.raises(genart.UsageError, match=says) as failure:
        given(url)
    assert KEY not in str(failure.value)


def test_what_ffmpeg_says_is_reported_without_anything_secret() -> None:
    target = given(f"rtmp://me:pass%20word@host/app/{KEY}?token=a%2Fb%2Fc")
    text = f"publish '{KEY}' of {target.url} by me2 with pass word, pass%20word, a/b/c, a%2Fb%2Fc"
    kept = target.scrubbed(text)
    for secret in (KEY, "pass word", "pass%20word", "a/b/c", "a%2Fb%2Fc"):
        assert secret not in kept
    assert "rtmp://host" in kept


def test_a_keyframe_comes_every_two_seconds_at_a_constant_rate() -> None:
    words = command(given("srt://host:1"), Fraction(30000, 1001), (1080, 1920))
    assert words[words.index("-g") + 1] == "60"
    assert words[words.index("-r") + 1] == "30000/1001"
    assert words[words.index("-fps_mode") + 1] == "cfr"
    assert words[words.index("-tune") + 1] == "zerolatency"


def test_frames_that_fit_are_not_scaled() -> None:
    assert not any("aspect" in step for step in picture((1080, 1920), (1080, 1920)))
    assert any("pad=1280:720" in step for step in picture((720, 1280), (512, 512)))


def test_a_film_does_not_go_to_a_url(genart_command: Callable[..., object]) -> None:
    done = genart_command("render", "-o", f"rtmp://host/app/{KEY}")
    assert done.code == 2  # type: ignore[attr-defined]
    assert "genart live --to rtmp://" in done.err  # type: ignore[attr-defined]
    assert KEY not in done.err  # type: ignore[attr-defined]


def test_every_scheme_is_a_live_sink() -> None:
    sinks = genart.registry("sink")
    assert all(sinks[scheme].spec.live for scheme in PROTOCOLS)
    assert all(sinks[scheme].about for scheme in PROTOCOLS)
