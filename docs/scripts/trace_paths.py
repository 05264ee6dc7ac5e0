"""Trace which files a value passes on its way to the pixel; write docs/architecture.md from it.

    python docs/scripts/trace_paths.py            # the tables and drawings of docs/architecture.md
    python docs/scripts/trace_paths.py --check    # exit 1 if the code takes other ways than these

The program runs with a profiler that looks at every argument and every result of every function.

- A file is *handed* the value if one of its functions is called with it, or with what was made of
  it: a request, keys, latents, a walk, an image, a frame.
- A file is *on the way* if it hands on what it was handed, so that it reaches the end. What only
  shows, records or measures the value is listed apart.
- Files of `genart/` are counted. Plug-ins and sketches are drawn, not counted; what a plug-in
  calls within its own step is not followed. Reading an attribute or an item is not a call; only
  for a fader, reading a Param counts: that is how the sketch gets its value.
- A recipe records the value and is not followed.
"""

from __future__ import annotations

import re
import struct
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent))
from path_page import drawing, page_part, update
from path_tracer import DEEPEST, ROOT, Journey, inside, trace

if TYPE_CHECKING:
    from genart.live import Live

PAGE, IMAGES = ROOT / "docs" / "architecture.md", ROOT / "docs" / "images"

# --- the way of a seed ---------------------------------------------------------------------------

SEEDS = (3141, 2718)  # numbers that nothing else in the program has


def render() -> None:
    """Render three frames from the command line, with the sketch and walk that are the default."""
    from genart.cli import run

    with tempfile.TemporaryDirectory() as folder:
        words = ["--seeds", ",".join(map(str, SEEDS)), "--seconds", "0.1", "--size", "32"]
        run(["render", *words, "--model", "plasma", "--device", "cpu", "-o", f"{folder}/a.gif"])


def carries_seed(value: Any, depth: int = 0) -> bool:
    """Whether a value holds the seeds or what is made of them."""
    import numpy as np
    import torch

    from genart.latent import Latent
    from genart.latents.walks import Walk
    from genart.media.frames import PendingFrame

    if isinstance(value, (torch.Tensor, np.ndarray)):
        return value.ndim >= 2
    if isinstance(value, (Latent, Walk, PendingFrame)):
        return True
    if isinstance(value, str):
        return any(str(seed) in value for seed in SEEDS)
    if isinstance(value, int):
        return value in SEEDS
    if depth == DEEPEST or isinstance(value, type):
        return False
    return any(carries_seed(each, depth + 1) for each in inside(value))


SEED = Journey(
    name="seed",
    run=render,
    carries=carries_seed,
    start="genart/cli/render.py",
    end="plugins/genart_film/encoder.py",
)


# --- the way of a fader --------------------------------------------------------------------------

KNOB = 83  # of 0..127: what a MIDI fader sends
VALUE = 0.4375  # what a tablet sends: exact in 32 bits, and nothing else in the program has it
MAPPING = '[[map]]\nmidi = "cc/1/74"\nto = "model.truncation"\nrange = [0, 1]\n'


class Clock:
    """A clock on which waiting takes no time."""

    now = 0.0

    def __call__(self) -> float:
        """Return the time in seconds."""
        return self.now

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


@dataclass
class Fader:
    """A performance whose truncation a fader changes.

    Args:
        value: of the Param.
        numbers: what else is the value: what the fader sends.
        move: moves it.
        shown: whether the value has arrived in the frames, so that they carry it.
    """

    value: float
    numbers: tuple[float, ...]
    move: Callable[[Live], None]
    shown: bool = False

    def play(self) -> None:
        """Move the fader, and make frames until a second one shows the value."""
        from genart.live import Live
        from genart.live.display.clock import LiveClock
        from genart.playback.loop import run

        clock = Clock()
        ticks = LiveClock(Fraction(30), now=clock, wait=clock.wait)
        live = Live("drift", model="plasma", size=32, engine_clock=ticks)
        live.console.mapping._use(MAPPING)
        live.console.mapping.start()
        self.move(live)
        run(self._frames(live), [live.frame_blend])
        live.console.mapping.close()
        live.close()

    def _frames(self, live: Live) -> Iterator[Any]:
        from genart.playback.loop import frames

        made = frames(live.player, live.engine_clock, [live.store_control, live.store])
        for frame in made:
            yield frame
            if self.shown:
                return
            self.shown = live.player.tree.value("model.truncation") == self.value

    def carries(self, value: Any, depth: int = 0) -> bool:
        """Whether something holds the fader's value, or is an image or frame that shows it."""
        import numpy as np
        import torch

        from genart.media.frames import PendingFrame

        if isinstance(value, (torch.Tensor, np.ndarray, PendingFrame)):
            return self.shown and getattr(value, "ndim", 3) >= 3
        if isinstance(value, bytes):
            return struct.pack(">f", self.value) in value
        if isinstance(value, (int, float)):
            return value in (self.value, *self.numbers)
        if depth == DEEPEST or isinstance(value, type):
            return False
        return any(self.carries(each, depth + 1) for each in inside(value))


def send_osc(live: Live) -> None:
    """Send an OSC message over UDP, as a tablet does."""
    from pythonosc.udp_client import SimpleUDPClient

    from genart.live.osc.service import OscService

    service = OscService(live.store, port=0)
    service.start()
    SimpleUDPClient(*service.address).send_message("/genart/model/truncation", VALUE)
    late = time.monotonic() + 30
    while live.store.current("model.truncation") != VALUE and time.monotonic() < late:
        time.sleep(0.01)
    service.close()


def send_midi(live: Live) -> None:
    """Feed the console what the plug-in `genart_midi` reads from a port."""
    live.console.feed("midi", "cc/1/74 nanoKONTROL2", KNOB)


def fader(name: str, moved: Fader, start: str) -> Journey:
    """Return the way of a fader's value to the display."""
    end = "genart/live/display/frame_blend.py"
    return Journey(name, moved.play, moved.carries, start, end, reads=True)


JOURNEYS = [
    SEED,
    fader("fader", Fader(VALUE, (), send_osc), "genart/osc/server.py"),
    fader("midi_fader", Fader(KNOB / 127, (KNOB,), send_midi), "genart/live/console.py"),
]


# --- the program ---------------------------------------------------------------------------------


def main() -> int:
    """Write the page and the drawings, or check that they are up to date."""
    page, files = PAGE.read_text(), {}
    for journey in JOURNEYS:
        found = trace(journey)
        page = update(page, journey.name, page_part(found, journey))
        files[IMAGES / f"{journey.name}_path.svg"] = drawing(found, journey)
    files[PAGE] = page
    changed = [path for path, text in files.items() if not _holds(path, text)]
    if "--check" in sys.argv:
        print(*(f"{path.relative_to(ROOT)} is out of date" for path in changed), sep="\n")
        return int(bool(changed))
    for path in changed:
        path.write_text(files[path])
    return 0


def _holds(path: Path, text: str) -> bool:
    """Whether a file has the same ways; the sentences about the files may differ when checked."""
    if not path.is_file():
        return False
    before = path.read_text()
    return before == text or ("--check" in sys.argv and _ways(before) == _ways(text))


def _ways(text: str) -> list[str]:
    """Return the files and counts in a page, or a whole drawing."""
    return (
        [text]
        if text.startswith("<svg")
        else re.findall(r"^\|.*?\| `.*?` \||^\d+ files.*", text, re.M)
    )


if __name__ == "__main__":
    raise SystemExit(main())
