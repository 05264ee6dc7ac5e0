"""Play with every fault injected: `python benchmarks/live_soak.py [--seconds 600] [--json]`.

The engine plays as fast as frames come, by a clock that does not wait. Meanwhile another process
sends 2,000 OSC messages per second, as in `live_night.py`, and eight browsers come and go. Every
second something fails, at random from a seed: sketches are saved that raise, loop, exit or return
nothing, folders vanish, latent files are damaged, and controls, outputs and callbacks raise or do
not return for five seconds. A third process measures when the machine itself stood still.

Reported are the longest gap between two images shown, gaps over 250 ms that the machine does not
explain, black images, memory, and how long the end took; then `--exits` performances are ended by a
signal at random moments. Exits with 0 if everything holds, and 1 if not.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import live_night
from live_night import Instant, tiny, weight

GAP = 0.25  # seconds between two images that need an explanation
FLAT = 50.0  # MB that memory may grow by
EXIT = 2.0  # seconds
STALL = 0.05  # seconds for which the machine must have stood still to explain a gap
RATE, BROWSERS = 2000, 8
GOOD = """
import genart
class Saved(genart.Sketch):
    zoom = genart.Param(1.0, 0.5, 1.0)
    def draw(self, t, dt):
        return (self.paint(self.walk(self.phase)) * self.zoom).clamp(-0.9, 1)
"""
BAD = """
import asyncio, sys, time, genart, torch
class Saved(genart.Sketch):
    def draw(self, t, dt):
        {line}
"""
LINES = (
    "while True: pass", "time.sleep(60)", "bytearray(1 << 60)", "return None", "return 'red'",
    "return torch.zeros(7, 9)", "return torch.full((1, 3, 8, 8), float('nan'))", "sys.exit(3)",
    "raise KeyboardInterrupt", "raise asyncio.CancelledError", "return self.draw(t, dt)",
    "raise GeneratorExit", "return 1 / 0", "raise SystemError",
)  # fmt: skip
ERRORS = (
    OSError("gone"),
    asyncio.CancelledError(),
    KeyboardInterrupt(),
    SystemExit(),
    RuntimeError(),
)


class Eye:
    """A sink that measures the gaps between images, and counts black ones."""

    name = "eye"

    def __init__(self) -> None:
        self.last = 0.0
        self.count = self.black = 0
        self.gaps: list[tuple[float, float]] = []

    def write(self, frame: Any) -> None:
        """See one image."""
        now = time.monotonic()
        if self.last and now - self.last > GAP:
            self.gaps.append((self.last, now))
        self.last, self.count = now, self.count + 1
        self.black += int(frame.max() < 8)

    def close(self) -> None:
        """Nothing to close."""


class Flaky:
    """A control and a sink that raises, or does not return for five seconds, on request."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.fault: Callable[[], None] | None = None

    def write(self, frame: Any) -> None:
        """Fail if that was asked for."""
        self.fail()

    def changes(self, t: float) -> tuple[()]:
        """Fail if that was asked for; no changes."""
        self.fail()
        return ()

    def fail(self, *_: Any) -> None:
        """Fail once, as was asked for."""
        fault, self.fault = self.fault, None
        if fault is not None:
            fault()

    def close(self) -> None:
        """Nothing to close."""


class Chaos:
    """Injects faults, weighs the process, and ends the performance.

    Args:
        seconds: how long it lasts.
        folder: where the sketch and files are.
        flaky: what can be made to fail.
        seed: of its choices.
    """

    name = "chaos"

    def __init__(self, seconds: float, folder: Path, flaky: list[Flaky], seed: int) -> None:
        self.seconds, self.folder, self.flaky = seconds, folder, flaky
        self.chance = random.Random(seed)
        self.injected: Counter[str] = Counter()
        self.memory: list[float] = []
        self.ended = 0.0
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.work, daemon=True)

    def start(self, console: Any) -> None:
        """Start to inject."""
        self.console = console
        self.thread.start()

    def changes(self, t: float) -> tuple[()]:
        """No changes."""
        return ()

    def close(self) -> None:
        """Stop."""
        self.stopped.set()

    def work(self) -> None:
        """Inject a fault every second; weigh every ten."""
        acts = [self.sketch, self.good, self.folders, self.keys, self.raises, self.hangs, self.size]
        end = time.monotonic() + self.seconds
        for count in range(10**9):
            if self.stopped.wait(1.0) or time.monotonic() > end:
                break
            act = self.chance.choice(acts)
            with suppress(OSError):
                act()
            self.injected[act.__name__] += 1
            if count % 10 == 9:
                (self.folder / "saved.py").write_text(GOOD)
                self.memory.append(weight())
        self.ended = time.monotonic()
        os.kill(os.getpid(), signal.SIGINT)

    def sketch(self) -> None:
        """Save a sketch that fails."""
        (self.folder / "saved.py").write_text(BAD.format(line=self.chance.choice(LINES)))

    def good(self) -> None:
        """Save a good sketch."""
        (self.folder / "saved.py").write_text(GOOD)

    def folders(self) -> None:
        """Start a recording, and remove its folder."""
        self.console.act("record/start")
        self.stopped.wait(0.3)
        shutil.rmtree(self.folder / "recordings", ignore_errors=True)

    def keys(self) -> None:
        """Choose a latent file that is damaged."""
        (self.folder / "bad.npz").write_bytes(self.chance.randbytes(99))
        self.console.put("walk.keys", "bad.npz", "chaos")

    def raises(self) -> None:
        """Make a control, an output or a callback raise."""
        error = self.chance.choice(ERRORS)

        def fault() -> None:
            raise error

        self.chance.choice(self.flaky).fault = fault

    def hangs(self) -> None:
        """Make a control, an output or a callback hang for five seconds."""
        self.chance.choice(self.flaky).fault = lambda: time.sleep(5.0)

    def size(self) -> None:
        """Repaint the image, at a size for which no machine has the time."""
        self.console.put("style.chain", self.chance.choice(["", "fast:starry_night"]), "chaos")
        self.console.put("style.size", self.chance.choice([0, 64, 8192]), "chaos")


def main() -> int:
    """Play, inject and judge."""
    parser = argparse.ArgumentParser(description="Whether a performance survives every fault.")
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--exits", type=int, default=10, help="performances ended at random")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--browsers", help=argparse.SUPPRESS)
    parser.add_argument("--metronome", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.metronome:
        return metronome()
    if asked.browsers:
        return browsers(asked.browsers, asked.seed)
    found = soak(asked.seconds, asked.seed) | {"exits": exits(asked.exits, asked.seed)}
    found["holds"] = found["holds"] and max(found["exits"], default=0.0) <= EXIT
    lines = [json.dumps(found)] if asked.json else [f"{k}: {v}" for k, v in found.items()]
    print("\n".join(lines))
    return 0 if found["holds"] else 1


def soak(seconds: float, seed: int) -> dict[str, Any]:
    """Perform for so many seconds with faults; what came of it."""
    import torch

    import genart
    from genart.live.display.clock import LiveClock

    torch.set_num_threads(1)
    eye, flaky = Eye(), [Flaky("flaky control"), Flaky("flaky output")]
    here = os.getcwd()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.chdir(folder)
        for k, model in enumerate(live_night.MODELS[1:3]):
            tiny(Path(model), k)
        Path("saved.py").write_text(GOOD)
        chaos, addresses = Chaos(seconds, folder, flaky, seed), dict[str, str]()
        helpers: list[subprocess.Popen[bytes]] = [spawn("--metronome")]

        def tell(line: str) -> None:
            what, _, where = line.partition(" ")
            addresses.setdefault(what, where)
            if {"osc", "page"} <= set(addresses) and len(helpers) == 1:
                port, page = addresses["osc"].rpartition(":")[2], addresses["page"]
                helpers.append(spawn("--browsers", page))
                night = [sys.executable, live_night.__file__, "--client", port, page, name]
                night += ["--rate", str(RATE), "--gentle"]
                helpers.append(subprocess.Popen(night, stdout=subprocess.PIPE))

        instant = Instant()
        report = genart.perform(
            "saved.py", model="tiny-a.safetensors", size=32, fps=30, osc="127.0.0.1:0",
            web="127.0.0.1:0", tell=tell, controls=[chaos, flaky[0]], sinks=[flaky[1], eye],
            record_show="night.jsonl", seed=seed,
            engine_clock=LiveClock(Fraction(30), now=instant.now, wait=instant.wait),
        )  # fmt: skip
        took = time.monotonic() - chaos.ended
        for each in helpers:
            each.terminate()
        stalls = json.loads(helpers[0].communicate(timeout=30)[0] or b"[]")
        for each in helpers[1:]:
            with suppress(subprocess.TimeoutExpired):
                each.communicate(timeout=30)
        os.chdir(here)
    return judged(report.as_dict(), eye, chaos, stalls, took)


def judged(
    report: dict[str, Any], eye: Eye, chaos: Chaos, stalls: list[list[float]], took: float
) -> dict[str, Any]:
    """The figures, and whether they hold."""
    open_gaps = [
        (b - a) for a, b in eye.gaps
        if not any(begin < b and a < end for begin, end in stalls)
    ]  # fmt: skip
    grown = max(chaos.memory[1:], default=0.0) - chaos.memory[1] if len(chaos.memory) > 1 else 0.0
    return {
        "seconds": round(chaos.seconds),
        "made": report["made"],
        "shown": eye.count,
        "black": eye.black,
        "longest_gap_ms": round(1e3 * max((b - a for a, b in eye.gaps), default=0.0)),
        "gaps_explained_by_the_machine": len(eye.gaps) - len(open_gaps),
        "gaps_over_250_ms": [round(1e3 * gap) for gap in open_gaps],
        "mb_grown": round(grown, 1),
        "mb": [round(each, 1) for each in chaos.memory[:: max(1, len(chaos.memory) // 10)]],
        "end_s": round(took, 2),
        "injected": dict(chaos.injected),
        "received": report["osc"]["received"],
        "faults": dict(Counter(each["where"] for each in report["faults"])),
        "holds": not eye.black and not open_gaps and grown <= FLAT and took <= EXIT,
    }


def spawn(*arguments: str) -> subprocess.Popen[bytes]:
    """Another process of this file."""
    return subprocess.Popen([sys.executable, __file__, *arguments], stdout=subprocess.PIPE)


def metronome() -> int:
    """Sleep again and again; print when a sleep took too long, until terminated."""
    stalls: list[tuple[float, float]] = []
    ended: list[int] = []  # an Event may be locked where the signal comes
    signal.signal(signal.SIGTERM, lambda number, _: ended.append(number))
    before = time.monotonic()
    while not ended:
        time.sleep(0.01)
        now = time.monotonic()
        if now - before > STALL:
            stalls.append((before, now))
        before = now
    print(json.dumps(stalls))
    return 0


def browsers(page: str, seed: int) -> int:
    """Eight clients that come, take some images and the values, and go without a word."""
    from websockets.sync.client import connect

    address = page.rstrip("/").replace("http", "ws")

    def browse(number: int) -> None:
        chance = random.Random(seed + number)
        while True:
            with (
                suppress(Exception),
                connect(f"{address}/picture", proxy=None) as pictures,
                connect(f"{address}/desk", proxy=None) as desk,
            ):
                for _ in range(chance.randrange(1, 60)):
                    pictures.send("")
                    pictures.recv(5)
                    desk.recv(5)
            time.sleep(chance.random())

    for number in range(BROWSERS):
        threading.Thread(target=browse, args=[number], daemon=True).start()
    signal.pause()
    return 0


def exits(count: int, seed: int) -> list[float]:
    """Seconds from a signal at a random moment to the end of the process, for each performance."""
    chance, took = random.Random(seed), []
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whatever started this may ignore it
    for _ in range(count):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "saved.py").write_text(chance.choice([GOOD, BAD.format(line=LINES[0])]))
            command = [
                sys.executable, "-m", "genart", "live", "saved.py", "--headless", "--model",
                "plasma", "--osc", "127.0.0.1:0", "--web", "127.0.0.1:0",
            ]  # fmt: skip
            live = subprocess.Popen(
                command, cwd=folder, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
            )
            assert live.stderr is not None
            for line in live.stderr:
                if line.startswith(b"osc "):
                    break
            time.sleep(chance.uniform(0.0, 4.0))
            began = time.monotonic()
            live.send_signal(chance.choice([signal.SIGINT, signal.SIGTERM, signal.SIGHUP]))
            with suppress(subprocess.TimeoutExpired):
                live.communicate(timeout=30)
            live.kill()
            took.append(round(time.monotonic() - began, 2))
    return took


if __name__ == "__main__":
    sys.exit(main())
