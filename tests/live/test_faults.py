"""Everything goes wrong in one performance: other outputs continue, each fault is reported once."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
from support.live_parts import SAVED
from websockets.sync.client import connect

import genart
from genart.live.osc.service import OscService
from genart.live.outputs.worker import OutputWorker
from genart.live.web.server import Web
from genart.osc.codec import decode

TROUBLE = """
import genart, torch
class Saved(genart.Sketch):
    count = 0
    def draw(self, t, dt):
        self.count += 1
        if self.count % 10 == 0:
            raise ValueError(f"frame {self.count} will not do")
        value = float("nan") if self.count == 15 else 0.5 * (self.count % 2)
        return torch.full((1, 3, *self.size), value)
"""


class Disk:
    """A disk without room."""

    def __init__(self) -> None:
        self.file = os.open("/dev/full", os.O_WRONLY)

    def write(self, frame: np.ndarray) -> None:
        os.write(self.file, frame.tobytes())

    def close(self) -> None:
        os.close(self.file)


class OscServer:
    """An output whose other end goes away for a while."""

    def __init__(self) -> None:
        self.here, self.taken = True, 0

    def write(self, frame: np.ndarray) -> None:
        if not self.here:
            raise genart.errors.OutputAway("Nobody receives.")
        self.taken += 1

    def close(self) -> None: ...


class Night:
    """A sink that starts the next fault as soon as the last one was reported."""

    def __init__(self, file: Path) -> None:
        self.said: list[str] = []
        self.live = genart.live.Live(
            file, model="plasma", size=32, fps=60, seconds=120, tell=self.said.append
        )
        self.ndi = OscServer()
        live, status = self.live, self.live.status
        self.osc = OscService(live.store, port=0, peers=[self.listen()], status=status)
        self.web = Web(
            ("127.0.0.1", 0), live.store, self.osc.router, faults=live.faults, status=status
        )
        live.services += [self.osc, self.web]
        self.count = self.quiet = 0
        self.shades: set[int] = set()
        self.file = file
        self.steps: list[tuple[Callable[[], object], Callable[[], bool]]] = [
            (lambda: None, lambda: self.told("sketch: ", 2)),
            (self.kill_browser, lambda: True),
            (lambda: setattr(self.ndi, "here", False), lambda: self.told("ndi: Nobody", 1)),
            (lambda: setattr(self.ndi, "here", True), lambda: self.told("ndi: back", 1)),
            (
                lambda: file.write_text("class Saved(genart.Sketch\n"),
                lambda: self.told("reload", 1),
            ),
            (lambda: live.store.put("model.name", "plasme"), lambda: self.told("model: ", 1)),
            (self.mend, lambda: 255 in self.shades),
        ]

    def listen(self) -> tuple[str, int]:
        self.ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.ear.bind(("127.0.0.1", 0))
        self.ear.settimeout(10)
        return self.ear.getsockname()

    def told(self, start: str, times: int) -> bool:
        return sum(line.startswith(start) for line in self.said) >= times

    def kill_browser(self) -> None:
        """Connect to the image, take one, and end as a killed process does: by a reset."""

        def browse() -> None:
            with contextlib.suppress(Exception):
                page = connect(f"ws://127.0.0.1:{self.web.address[1]}/picture", proxy=None)
                page.send("")
                page.recv(10)
                page.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                page.socket.close()

        threading.Thread(target=browse, daemon=True).start()

    def mend(self) -> None:
        self.file.write_text(SAVED.format(default=1.0, extra="", value="self.level"))

    def write(self, frame: np.ndarray) -> None:
        self.count += 1
        self.shades.add(int(frame.max()))
        if self.steps and self.steps[0][1]():
            self.steps.pop(0)
            if self.steps:
                self.steps[0][0]()
        if not self.steps:
            self.live.stop()

    def close(self) -> None: ...


def test_everything_goes_wrong_in_one_night(tmp_path: Path) -> None:
    file = tmp_path / "saved.py"
    file.write_text(TROUBLE)
    night = Night(file)
    faults = night.live.faults
    outlets = [OutputWorker("disk", Disk(), faults), OutputWorker("ndi", night.ndi, faults)]
    other = genart.MemorySink()
    report = night.live.run([night, night.web.preview, *outlets, other])
    assert night.steps == []
    assert len(other.frames) == night.count == report.frames
    assert {128, 191} <= night.shades  # it played on between its faults
    assert night.ndi.taken > 1
    kinds = {fault.where: fault.count for fault in report.faults}
    assert set(kinds) == {"sketch", "disk", "ndi", "reload", "model"}
    assert kinds["disk"] == 1
    wrong = [line for line in night.said if "back after" not in line]
    assert sorted(line.partition(":")[0] for line in wrong) == [
        "disk", "model", "ndi", "reload", "sketch", "sketch",
    ]  # fmt: skip  # the sketch raised, and it gave no numbers
    assert any("No space left" in line for line in wrong)
    heard = b""
    with contextlib.suppress(TimeoutError, BlockingIOError):
        night.ear.setblocking(False)
        while packet := night.ear.recv(65536):
            heard += packet
            decode(packet)
    night.ear.close()
    for word in (b"/genart/status/errors", b"will not do", b"not finite", b"plasme"):
        assert word in heard
