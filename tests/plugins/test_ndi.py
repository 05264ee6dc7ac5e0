"""NDI, with a real receiver in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np
import pytest

import genart

pytest.importorskip("NDIlib", reason="the extra ndi is not installed")
if not Path("/proc/self/net/tcp").exists():
    pytest.skip("how to find NDI's port is known on Linux only", allow_module_level=True)

#: Connects to an address, so that nothing has to announce it; tells of each frame that is new.
RECEIVER = """
import json, sys
import NDIlib as ndi
assert ndi.initialize()
source = ndi.Source()
source.ndi_name, source.url_address = "test", sys.argv[1]
wanted = ndi.RecvCreateV3()
wanted.source_to_connect_to = source
wanted.color_format = ndi.RECV_COLOR_FORMAT_RGBX_RGBA
receiver = ndi.recv_create_v3(wanted)
count = 0
while True:
    kind, video, _, _ = ndi.recv_capture_v2(receiver, 1000)
    if kind == ndi.FRAME_TYPE_VIDEO:
        count += 1
        pixels = video.data
        h, w = pixels.shape[:2]
        print(json.dumps({
            "count": count, "size": [h, w], "clear": str(video.FourCC).endswith("RGBA"),
            "fps": [video.frame_rate_N, video.frame_rate_D],
            "pixels": [pixels[h * y // 4, w * x // 4].tolist() for y in (1, 3) for x in (1, 3)],
        }), flush=True)
        ndi.recv_free_video_v2(receiver, video)
"""
COLOURS = ((200, 30, 60), (10, 220, 40), (20, 40, 230), (128, 128, 128))
ALPHAS = (255, 128, 60, 0)


def quarters(size: tuple[int, int], depth: int) -> np.ndarray:
    frame = np.zeros((*size, depth), np.uint8)
    height, width = size[0] // 2, size[1] // 2
    for k, (colour, alpha) in enumerate(zip(COLOURS, ALPHAS, strict=True)):
        top, left = k // 2 * height, k % 2 * width
        frame[top : top + height, left : left + width] = (*colour, alpha)[:depth]
    frame.flags.writeable = False  # as the frames of a crossfade are
    return frame


def listening() -> set[int]:
    """The TCP ports that this process listens on."""
    sockets = set()
    for each in Path("/proc/self/fd").iterdir():
        try:
            sockets.add(os.readlink(each))
        except OSError:
            continue
    rows = [row.split() for row in Path("/proc/self/net/tcp").read_text().splitlines()[1:]]
    mine = [row[1] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in sockets]
    return {int(address.rpartition(":")[2], 16) for address in mine}


class OscServer:
    """A receiver in a separate process; `last` describes its newest frame."""

    def __init__(self, port: int) -> None:
        self.last: dict[str, Any] = {"count": 0}
        self._process = subprocess.Popen(
            [sys.executable, "-c", RECEIVER, f"127.0.0.1:{port}"],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{") and line.endswith("}\n"):
                self.last = json.loads(line)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()


def play(sink: genart.Sink, frame: np.ndarray, until: Callable[[], bool]) -> None:
    beat, end = Event(), time.monotonic() + 30
    while not until():
        assert time.monotonic() < end, "it never came to that"
        sink.write(frame)
        beat.wait(1 / 60)


@pytest.fixture
def source() -> Iterator[tuple[Any, int]]:
    before = listening()
    sink = genart.registry("sink").create(
        "ndi", path="genart test", fps=Fraction(30000, 1001), size=(48, 64)
    )
    fresh = listening() - before
    yield sink, max(fresh)
    sink.close()
    sink.close()


def test_frames_arrive_with_their_alpha_rate_and_size(source: tuple[Any, int]) -> None:
    sink, port = source
    assert sink.receivers == 0
    with ExitStack() as stack:
        eye = OscServer(port)
        stack.callback(eye.kill)
        play(sink, quarters((48, 64), 4), lambda: eye.last["count"] >= 3)
        got = eye.last
        assert sink.receivers == 1
        play(sink, quarters((96, 80), 3), lambda: eye.last["size"] == [96, 80])
        opaque = eye.last
    assert (got["size"], got["fps"], got["clear"]) == ([48, 64], [30000, 1001], True)
    assert [pixel[3] for pixel in got["pixels"]] == pytest.approx(ALPHAS, abs=1)
    for told in (got, opaque):  # straight alpha: colours stay whole where the image is clear
        for colour, pixel in zip(COLOURS, told["pixels"], strict=True):
            assert np.abs(np.array(colour) - pixel[:3]).max() <= 14
    assert not opaque["clear"]
    assert {pixel[3] for pixel in opaque["pixels"]} == {255}


def test_a_receiver_that_is_killed_stops_nothing_and_another_may_come(
    source: tuple[Any, int],
) -> None:
    sink, port = source
    frame = quarters((48, 64), 4)
    first = OscServer(port)
    try:
        play(sink, frame, lambda: first.last["count"] >= 1)
    finally:
        first.kill()
    play(sink, frame, lambda: sink.receivers == 0)
    second = OscServer(port)
    try:
        play(sink, frame, lambda: second.last["count"] >= 3)
    finally:
        second.kill()


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "NDIlib", None)
    with pytest.raises(
        genart.errors.MissingExtra, match=r"ndi-python .* pip install 'genart\[ndi\]'"
    ):
        genart.registry("sink").create("ndi", path="", fps=30, size=(4, 4))
