"""A night in minutes: `python benchmarks/live_night.py [--frames 200000] [--json]`.

The engine plays as fast as frames come, by a clock that does not wait: 200,000 frames, seven a
second, are eight hours. Beside it a client in another process plays it over real sockets, at
random from a seed: values, positions, fades, cues, taps, bundles with times, polls, texts that are
refused, other models, a sketch saved well and badly, even walks, recordings, questions over HTTP,
and packets of rubbish. Memory is what this process has written and shares with none, after a search
for garbage.

Exits with 0 if memory at the end is within 5 % of what it was after the first thousand frames, and
nothing but what was meant to fail has failed, and 1 if not.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import build_msg

FPS = 7  # 200,000 frames are 7.9 hours
SHOWN, SENT = 15, 150  # frames a second on the display, and messages, by the wall's clock
ALLOWED = 1.05
MODELS = ("plasma", "tiny-a.safetensors", "tiny-b.safetensors", "none.safetensors")
#: Where faults may come up: the client asks for what cannot be, and a busy machine stands still.
MEANT = {"model", "sketch", "reload", "params", "walk", "engine"}
SKETCH = """
import genart
class Saved(genart.Sketch):
    zoom = genart.Param({zoom}, 0.0, 1.0)
    def draw(self, t, dt):
        return self.paint(self.walk(self.phase)){more}
"""
SAVES = ("", " * self.zoom", " * self.zoom)", " / self.nothing", " * float('nan')", "", "")


class Instant:
    """A clock whose time passes at once while somebody waits."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        """Seconds so far."""
        return self.seconds

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.seconds += seconds


class Watch:
    """A control that turns nothing: it counts the frames, weighs the process, and ends the night.

    Args:
        frames: after how many to end.
        begin: called at the start.
    """

    name = "watch"

    def __init__(self, frames: int, begin: Callable[[], subprocess.Popen[bytes]]) -> None:
        self.frames, self.count, self._begin = frames, 0, begin
        self.samples: dict[int, float] = {}
        self.client: subprocess.Popen[bytes] | None = None

    def start(self, console: Any) -> None:
        """Begin with the client."""
        self.client = self._begin()

    def close(self) -> None:
        """Stop the client, who then says what was sent."""
        if self.client is not None:
            self.client.terminate()

    def changes(self, t: float) -> Iterable[tuple[str, Any]]:
        """Nothing, once a frame."""
        self.count += 1
        if self.count == 1000 or self.count % 10_000 == 0 or self.count == self.frames:
            self.samples[self.count] = weight()
            print(f"{self.count} frames: {self.samples[self.count]:.1f} MB", file=sys.stderr)
        if self.count == self.frames:
            os.kill(os.getpid(), signal.SIGINT)
        return ()


def weight() -> float:
    """Memory that this process alone has written, in MB; pages of libraries come and go."""
    gc.collect()
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    sizes = {line.split(":")[0]: int(line.split()[1]) for line in lines[1:]}
    return sizes["Private_Dirty"] / 1024


def main() -> int:
    """Play the night, weigh it, and judge."""
    parser = argparse.ArgumentParser(description="Whether a night is as light as its beginning.")
    parser.add_argument("--frames", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--client", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--rate", type=int, default=SENT, help=argparse.SUPPRESS)
    parser.add_argument("--gentle", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.client:
        osc, page, folder = asked.client
        player = Player(int(osc), page, Path(folder), asked.seed)
        if asked.gentle:  # another process saves sketches, and nothing may be black
            player.seldom = [p for p in player.seldom if p not in (player.save, player.switch)]
        print(json.dumps(play(player, asked.rate)))
        return 0
    found = night(asked.frames, asked.seed)
    print(json.dumps(found) if asked.json else "\n".join(told(found)))
    return 0 if found["holds"] else 1


def night(frames: int, seed: int) -> dict[str, Any]:
    """Perform for so many frames; what came of it."""
    import torch

    import genart
    from genart.live.display.clock import LiveClock

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for k, name in enumerate(MODELS[1:3]):
            tiny(Path(name), k)
        Path("saved.py").write_text(SKETCH.format(zoom=1.0, more=""))
        addresses: dict[str, str] = {}

        def tell(line: str) -> None:
            what, _, where = line.partition(" ")
            addresses.setdefault(what, where)

        def begin() -> subprocess.Popen[bytes]:
            port = addresses["osc"].rpartition(":")[2]
            command = [sys.executable, __file__, "--client", port, addresses["page"], folder]
            return subprocess.Popen([*command, "--seed", str(seed)], stdout=subprocess.PIPE)

        watch, began, instant = Watch(frames, begin), time.perf_counter(), Instant()
        report = genart.perform(
            "saved.py", model="plasma", size=32, fps=SHOWN, hold_fps=True, osc="127.0.0.1:0",
            web="127.0.0.1:0", controls=[watch], tell=tell, record_show="night.jsonl",
            engine_clock=LiveClock(Fraction(FPS), now=instant.now, wait=instant.wait),
        )  # fmt: skip
        assert watch.client is not None
        sent = json.loads(watch.client.communicate(timeout=60)[0])
        os.chdir("/")
    seconds = time.perf_counter() - began
    return judged(report.as_dict(), watch.samples, sent, seconds)


def judged(
    report: dict[str, Any], samples: dict[int, float], sent: dict[str, int], seconds: float
) -> dict[str, Any]:
    """The figures, and whether they hold."""
    first, last = samples[min(samples)], samples[max(samples)]
    odd = [each for each in report["faults"] if each["where"] not in MEANT]
    return {
        "frames": max(samples),
        "hours": round(max(samples) / FPS / 3600, 2),
        "seconds": round(seconds),
        "mb": {str(count): round(size, 1) for count, size in samples.items()},
        "ratio": round(last / first, 4),
        "sent": sent,
        "osc": report["osc"],
        "faults": dict(Counter(each["where"] for each in report["faults"])),
        "odd": odd,
        "holds": last <= ALLOWED * first and not odd,
    }


def told(found: dict[str, Any]) -> Iterator[str]:
    """What to print."""
    yield f"{found['frames']} frames, {found['hours']} hours, in {found['seconds']} s"
    yield f"memory at the end is {found['ratio']:.3f} of that after 1,000 frames"
    yield f"sent {found['sent']}"
    yield f"osc {found['osc']}, kinds of faults {found['faults']}"
    for fault in found["odd"]:
        yield f"not meant: {fault['where']}: {fault['message']}"
    yield "holds" if found["holds"] else "does not hold"


def tiny(path: Path, seed: int) -> None:
    """Keep a small StyleGAN2 with random weights."""
    import torch

    from genart_stylegan2.config import Config
    from genart_stylegan2.generator import StyleGAN2
    from genart_stylegan2.network import Network

    torch.manual_seed(seed)
    config = Config(32, z_dim=16, w_dim=16, mapping_layers=2, channel_base=256, channel_max=16)
    StyleGAN2.from_network(Network(config), name=path.stem).save(path)


class Player:
    """A restless hand at the controls.

    Args:
        port: where OSC goes.
        page: the page's address.
        folder: where models and the sketch are.
        seed: of its whims.
    """

    def __init__(self, port: int, page: str, folder: Path, seed: int) -> None:
        self.page, self.folder, self.chance = page, folder, random.Random(seed)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", port))
        self.sent: Counter[str] = Counter()
        often = {self.value: 60, self.norm: 20, self.bundle: 8, self.rubbish: 8, self.poll: 4}
        self.often, self.weights = list(often), list(often.values())
        self.seldom = [
            self.cue, self.tempo, self.seeds, self.kind, self.even, self.switch, self.model,
            self.save, self.record, self.ask,
        ]  # fmt: skip

    def act(self, count: int) -> None:
        """Do one thing: everything once at first, and later the heavy things now and then."""
        if count % 50 == 0 or count < 2 * len(self.seldom):
            deed = self.seldom[count % len(self.seldom) if count < 100 else self._any_seldom()]
        else:
            deed = self.chance.choices(self.often, self.weights)[0]
        with suppress(OSError):
            deed()
        self.sent[deed.__name__] += 1

    def _any_seldom(self) -> int:
        return self.chance.randrange(len(self.seldom))

    def send(self, address: str, *args: Any) -> None:
        """Send one message."""
        self.socket.send(build_msg(f"/genart/{address}", list(args)).dgram)

    def value(self) -> None:
        """Turn a number, in its unit or far beyond."""
        path, low, high = self.chance.choice(
            [
                ("model/truncation", -3.0, 3.0),
                ("transport/speed", -20.0, 20.0),
                ("sketch/zoom", -1.0, 2.0),
                ("walk/radius", 0.0, 9.0),
                ("tempo/bpm", 0.0, 500.0),
                ("walk/nothing", 0.0, 1.0),
                ("transport/phase", 0.0, 1.0),
            ]
        )
        self.send(path, self.chance.uniform(low, high))

    def norm(self) -> None:
        """Turn a number by its position."""
        self.send("transport/seconds/norm", self.chance.uniform(0.0, 1.2))

    def bundle(self) -> None:
        """Several at once, now or within two seconds."""
        ahead = self.chance.choice([0.0, 0.2, 2.0])
        built = OscBundleBuilder(time.time() + ahead if ahead else IMMEDIATELY)
        for path in ("model/truncation", "sketch/zoom"):
            built.add_content(build_msg(f"/genart/{path}", [self.chance.random()]))
        self.socket.send(built.build().dgram)

    def rubbish(self) -> None:
        """A message with some bytes changed, or nothing but chance."""
        packet = bytearray(build_msg("/genart/model/truncation", [0.5]).dgram)
        for _ in range(self.chance.randrange(1, 8)):
            packet[self.chance.randrange(len(packet))] = self.chance.randrange(256)
        alone = self.chance.randbytes(self.chance.randrange(1, 400))
        self.socket.send(bytes(packet) if self.chance.random() < 0.5 else alone)

    def poll(self) -> None:
        """Ask for values; what comes back is thrown away."""
        self.send("*/*", "?")
        self.socket.setblocking(False)
        with suppress(BlockingIOError):
            while self.socket.recv(65536):
                pass
        self.socket.setblocking(True)

    def cue(self) -> None:
        """Keep a cue and go to one, with a fade."""
        self.send("cue/save", f"cue {self.chance.randrange(40)}")
        self.send("cue/recall", f"cue {self.chance.randrange(40)}", self.chance.uniform(0, 30))
        self.send("cue/next")

    def tempo(self) -> None:
        """Tap and nudge."""
        self.send("tempo/tap")
        self.send("tempo/nudge", self.chance.uniform(-5, 5))

    def seeds(self) -> None:
        """Other keys, some of which cannot be."""
        some = ",".join(str(self.chance.randrange(10**6)) for _ in range(4))
        self.send("walk/seeds", self.chance.choice([some, "1-9", "one", "5-1", ""]))

    def kind(self) -> None:
        """Another walk, if there is one of that name."""
        self.send("walk/kind", self.chance.choice(["slerp", "cubic", "circle", "noise", "waltz"]))

    def even(self) -> None:
        """Make the walk even, or not."""
        self.send("walk/even", self.chance.randrange(2))

    def switch(self) -> None:
        """Black out or freeze, and go on at once."""
        switch = self.chance.choice(["output/blackout", "output/freeze", "transport/play"])
        self.send(switch, 1)
        self.send(switch, int(switch == "transport/play"))

    def model(self) -> None:
        """Another model, perhaps one that is not there."""
        self.send("model/name", self.chance.choice(MODELS))

    def save(self) -> None:
        """Save the sketch, well or badly."""
        more = self.chance.choice(SAVES)
        text = SKETCH.format(zoom=round(self.chance.random(), 3), more=more)
        (self.folder / "saved.py").write_text(text)

    def record(self) -> None:
        """Begin or end a recording."""
        self.send(self.chance.choice(["record/start", "record/stop", "record/stop"]))
        for film in sorted(self.folder.glob("recordings/[!.]*.mp4"))[:-2]:
            film.unlink()

    def ask(self) -> None:
        """Ask for the tree over HTTP."""
        with urllib.request.urlopen(f"{self.page}genart", timeout=5) as answer:
            answer.read()


def play(player: Player, rate: int) -> dict[str, int]:
    """Play until told to stop; what was sent, by kind."""
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: ended.append(number))
    began = time.monotonic()
    for count in range(10**9):
        if ended:
            break
        player.act(count)
        time.sleep(max(began + count / rate - time.monotonic(), 0.0))
    return dict(player.sent)


if __name__ == "__main__":
    sys.exit(main())
