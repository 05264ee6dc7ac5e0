"""A show, played and made again: `python benchmarks/show_replay.py [--seconds 120] [--json]`.

A performance of the shipped model is played over real OSC sockets, by the wall clock, and kept:
values of every kind, fades, cues, taps, nudges, bundles with time tags, jumps of the phase, other
walks, freeze and blackout, and text that a walk refuses. Then it is rendered from its file, and
every frame that was made live is compared with the one rendered, bit for bit; those that were not
made, as the engine was too slow or they failed, are counted. At last it is rendered at twice the
size. Exits with 0 if all are equal, and 1 if not.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from pythonosc.osc_bundle_builder import OscBundleBuilder
from pythonosc.osc_message_builder import build_msg
from pythonosc.udp_client import SimpleUDPClient

import genart
from genart.playback.clock import Tick
from genart.playback.resilient_player import ResilientPlayer

SKETCH = '''
"""What a show has to hold: Params of every kind that the picture depends on."""

import genart


class Tell(genart.Sketch):
    defaults = {"walk.kind": "cubic", "walk.seeds": "1-6", "model.noise": "walk"}
    level = genart.Param(1.0, 0.2, 1.0)
    punch = genart.Param(0.0, 0.0, 1.0, smooth=0.0)
    turns = genart.Param(0, 0, 3)
    flip = genart.Param(False)
    look = genart.Param("plain", choices=("plain", "negative"))

    def draw(self, t, dt):
        image = self.paint(self.walk((self.phase + self.beat / 64) % 1)) * self.level
        image = image.roll(self.turns * 8, -1) + 0.2 * self.punch * self.random_grain(image)
        image = image.flip(-1) if self.flip else image
        return -image if self.look == "negative" else image

    def random_grain(self, image):
        return image.new_empty(image.shape).normal_()
'''
FADES = 4.0  # seconds, the longest


def main() -> int:
    """Play, render, compare."""
    parser = argparse.ArgumentParser(description="Whether a show is made again as it was played.")
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--model", default="pomona")
    parser.add_argument("--seed", type=int, default=3, help="of the player")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = compared(Path(folder), asked.model, asked.seconds, asked.seed)
    found["holds"] = not found["different"] and found["twice_frames"] == found["rendered"]
    print(json.dumps(found) if asked.json else "\n".join(f"{k}: {v}" for k, v in found.items()))
    return 0 if found["holds"] else 1


def compared(folder: Path, model: str, seconds: float, seed: int) -> dict[str, Any]:
    """Play a show, make it again, and make it at twice the size."""
    sketch, show = folder / "tell.py", folder / "show.jsonl"
    sketch.write_text(SKETCH)
    made: dict[int, str] = {}
    report = played(sketch, show, made, model=model, seconds=seconds, seed=seed)
    again = Hashes()
    genart.render(output=again, show=show)
    twice = Hashes()
    width, height = report.size
    began = time.perf_counter()
    genart.render(output=twice, show=show, size=(2 * width, 2 * height))
    events = show.read_text().splitlines()[1:]
    both = [index for index in made if index < len(again.hashes)]
    different = [index for index in both if made[index] != again.hashes[index]]
    return {
        "seconds": seconds,
        "events": len(events),
        "fades": sum(len(json.loads(line)["args"]) == 2 for line in events),
        "messages": report.osc["received"],
        "rejected": report.osc["rejected"],
        "made": len(made),
        "not_made": max(made) + 1 - len(made),
        "rendered": len(again.hashes),
        "compared": len(both),
        "pictures": len(set(made.values())),
        "different": len(different),
        "first_different": different[:5],
        "twice_frames": len(twice.hashes),
        "twice_size": list(twice.size),
        "twice_seconds": round(time.perf_counter() - began, 1),
        "faults": [f"{each.where}: {each.message} ({each.count})" for each in report.faults],
    }


def played(
    sketch: Path, show: Path, made: dict[int, str], *, model: str, seconds: float, seed: int
) -> Any:
    """Play over OSC; `made` gets a hash of every frame that the engine makes, by its number."""
    frame = ResilientPlayer.frame
    at: list[tuple[str, int]] = []

    def watched(player: ResilientPlayer, tick: Tick) -> np.ndarray:
        picture = frame(player, tick)
        if not player.failing:  # or else it is an older one
            made[tick.index] = digest(picture)
        return picture

    def tell(line: str) -> None:
        if line.startswith("osc "):
            host, _, port = line.removeprefix("osc ").rpartition(":")
            at.append((host, int(port)))
            threading.Thread(target=play, args=(*at[0], seconds, seed), daemon=True).start()

    with patch.object(ResilientPlayer, "frame", watched):
        return genart.perform(
            sketch, model=model, seconds=seconds, osc="127.0.0.1:0", web="127.0.0.1:0",
            cues=None, mapping=None, record_show=show, tell=tell,
        )  # fmt: skip


def play(host: str, port: int, seconds: float, seed: int) -> None:
    """Turn everything there is, by chance, some sixty times a second."""
    client, chance = SimpleUDPClient(host, port), random.Random(seed)
    turns = moves(client, chance)
    end = time.monotonic() + seconds
    client.send_message("/genart/cue/save", "0")
    while time.monotonic() < end:
        (turn,) = chance.choices([t for t, _ in turns], [weight for _, weight in turns])
        turn()
        time.sleep(chance.expovariate(60))


def moves(client: SimpleUDPClient, chance: random.Random) -> list[tuple[Callable[[], Any], float]]:
    """What a player does, each with how often."""

    def send(address: str, *value: Callable[[], Any]) -> Callable[[], Any]:
        return lambda: client.send_message(f"/genart/{address}", [each() for each in value])

    def bundle() -> None:
        made = OscBundleBuilder(time.time() + chance.uniform(-0.05, 0.5))  # type: ignore[arg-type]
        for name in ("level", "punch", "turns/norm"):
            made.add_content(build_msg(f"/genart/sketch/{name}", [chance.random()]))
        client.send(made.build())

    def switch(path: str, seconds: float) -> Callable[[], Any]:
        def both() -> None:
            client.send_message(f"/genart/{path}", 1)
            threading.Timer(seconds, client.send_message, (f"/genart/{path}", 0)).start()

        return both

    unit, fade = chance.random, lambda: chance.uniform(0.0, FADES)
    return [
        (send("model/truncation", lambda: chance.uniform(-1, 1)), 20),
        (send("model/truncation", lambda: chance.uniform(-1, 1), fade), 4),
        (send("sketch/level", unit), 10),
        (send("sketch/level/norm", unit, fade), 4),
        (send("sketch/level", lambda: "+", lambda: 0.05), 4),
        (send("sketch/punch", unit), 8),
        (send("sketch/turns", lambda: chance.randrange(4)), 4),
        (send("sketch/flip", lambda: chance.randrange(2)), 3),
        (send("sketch/look", lambda: chance.choice(("plain", "negative"))), 3),
        (send("transport/speed", lambda: chance.uniform(-4, 4)), 8),
        (send("transport/speed", lambda: chance.uniform(-4, 4), fade), 2),
        (send("transport/phase", unit), 3),
        (send("transport/play", lambda: chance.randrange(3)), 2),
        (send("transport/seconds", lambda: chance.uniform(2, 20)), 2),
        (send("transport/beats", lambda: chance.choice((0, 0, 8, 16))), 1),
        (send("tempo/bpm", lambda: chance.uniform(60, 180)), 3),
        (send("tempo/tap"), 6),
        (send("tempo/nudge", lambda: chance.uniform(-0.5, 0.5)), 2),
        (send("walk/seeds", lambda: f"{chance.randrange(9)}-{chance.randrange(10, 14)}"), 0.5),
        (send("walk/seeds", lambda: "one,two"), 0.1),
        (send("walk/kind", lambda: chance.choice(("slerp", "linear", "cubic"))), 1),
        (send("model/noise", lambda: chance.choice(("const", "random", "walk"))), 0.5),
        (send("cue/save", lambda: chance.randrange(4)), 2),
        (send("cue/recall", lambda: chance.randrange(4), fade), 3),
        (send("cue/next", fade), 1),
        (bundle, 6),
        (switch("output/freeze", 0.4), 0.3),
        (switch("output/blackout", 0.3), 0.2),
    ]


class Hashes:
    """A sink that keeps a hash of every frame."""

    def __init__(self) -> None:
        self.hashes: list[str] = []
        self.size = (0, 0)

    def write(self, frame: np.ndarray) -> None:
        """Take one frame."""
        self.hashes.append(digest(frame))
        self.size = (frame.shape[1], frame.shape[0])

    def close(self) -> None:
        """Nothing is open."""


def digest(frame: np.ndarray) -> str:
    """A frame in 128 bits."""
    return hashlib.blake2b(frame.tobytes(), digest_size=16).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
