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

import ast
import dataclasses
import re
import struct
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from types import FrameType, MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genart.live import Live

ROOT = Path(__file__).resolve().parents[2]
PAGE, IMAGES = ROOT / "docs" / "architecture.md", ROOT / "docs" / "images"
_ATTRIBUTES = re.compile(r"__(?!call__|init__)\w+__")  # special methods: attributes and items
_PRIVATE = re.compile(r"(^|\.)_(?!_call__|_init__)")
_DEEPEST = 3  # levels of containers that are looked into


@dataclass(frozen=True)
class Journey:
    """One value and its way.

    Args:
        name: of its image, and of its part of the page.
        run: does what a person does.
        carries: whether an argument or a result is the value or made of it.
        start: the file where the way begins.
        end: the file where it ends.
        reads: whether reading the value of a Param hands it on.
    """

    name: str
    run: Callable[[], None]
    carries: Callable[[Any], bool]
    start: str
    end: str
    reads: bool = False


@dataclass
class Visit:
    """What a file did with the value.

    Args:
        file: relative to the repository.
        steps: its functions that were handed the value, each with the type of what it got.
    """

    file: str
    steps: dict[str, str] = field(default_factory=dict)


class Trace:
    """Collects visits and handovers while it is the profiler of a program.

    Attributes:
        visits: by file, in the order of the first visit.
        handed: pairs of files (from, to) between which the value went.
    """

    def __init__(self, carries: Callable[[Any], bool], reads: bool = False) -> None:
        self._carries, self._reads = carries, reads
        self.visits: dict[str, Visit] = {}
        self.handed: set[tuple[str, str]] = set()

    def __call__(self, frame: FrameType, event: str, result: Any) -> None:
        """Look at one call or return."""
        if event not in ("call", "return"):
            return
        file, name = _file(frame), frame.f_code.co_qualname
        if not file or (caller := _caller(frame)) is None:
            return
        if _ATTRIBUTES.search(name) and not (self._reads and name == "Param.__get__"):
            return
        if event == "call":
            got = next((value for value in _arguments(frame) if self._carries(value)), None)
            if got is not None:
                self.visits.setdefault(file, Visit(file)).steps.setdefault(name, _kind(got))
                self.handed.add((caller, file))
        elif self._carries(result):
            self.visits.setdefault(file, Visit(file)).steps.setdefault(name, _kind(result))
            self.handed.add((file, caller))

    def way(self, start: str, end: str) -> list[Visit]:
        """Return the visits between two files, in the order of the first visit."""
        ahead = _reached(start, self.handed)
        behind = _reached(end, {(b, a) for a, b in self.handed})
        return [visit for file, visit in self.visits.items() if file in ahead & behind]


def _file(frame: FrameType) -> str:
    """Return the file of a frame relative to the repository, "" if it is none of ours."""
    name = frame.f_code.co_filename
    if not name.startswith(str(ROOT)) or "site-packages" in name:
        return ""
    file = name[len(str(ROOT)) + 1 :]
    return file if file.startswith(("genart/", "plugins/", "sketches/")) else ""


def _caller(frame: FrameType) -> str | None:
    """Return our nearest file that called this one; None within a plug-in's own step."""
    nearest, above = "", frame.f_back
    while above is not None:
        file = _file(above)
        if file.startswith("plugins/"):
            return None
        nearest = nearest or file
        above = above.f_back
    return nearest


def _arguments(frame: FrameType) -> Iterator[Any]:
    code = frame.f_code
    count = code.co_argcount + code.co_kwonlyargcount
    count += bool(code.co_flags & 4) + bool(code.co_flags & 8)  # *args and **kwargs
    for name in code.co_varnames[:count]:
        if name in frame.f_locals:
            yield frame.f_locals[name]


def _kind(value: Any) -> str:
    if type(value).__name__ in ("Tensor", "ndarray"):
        return "image" if type(value).__name__ == "Tensor" else "frame"
    return {"str": "text", "dict": "values", "list": "list"}.get(
        type(value).__name__, type(value).__name__
    )


def _reached(start: str, edges: set[tuple[str, str]]) -> set[str]:
    found, fresh = {start}, {start}
    while fresh:
        fresh = {b for a, b in edges if a in fresh} - found
        found |= fresh
    return found


def trace(journey: Journey) -> Trace:
    """Run a program and follow its value."""
    found = Trace(journey.carries, journey.reads)
    threading.setprofile(found)
    sys.setprofile(found)
    try:
        journey.run()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return found


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
    if depth == _DEEPEST or isinstance(value, type):
        return False
    return any(carries_seed(each, depth + 1) for each in _inside(value))


def _inside(value: Any) -> Iterator[Any]:
    if isinstance(value, (dict, MappingProxyType)) and "genart" not in value:  # as in a recipe
        yield from value.values()
    elif isinstance(value, (tuple, list)) and len(value) < 64:
        yield from value
    elif dataclasses.is_dataclass(value):
        yield from (getattr(value, each.name, None) for each in dataclasses.fields(value))


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
        for frame in live._made():
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
        if depth == _DEEPEST or isinstance(value, type):
            return False
        return any(self.carries(each, depth + 1) for each in _inside(value))


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


# --- the page ------------------------------------------------------------------------------------


def page_part(found: Trace, journey: Journey) -> str:
    """Return the part of the page about a journey: drawing, table, and what is beside the way."""
    way = found.way(journey.start, journey.end)
    ours = [visit for visit in way if is_counted(visit.file)]
    on_way = {visit.file for visit in way}
    beside = [file for file in found.visits if is_counted(file) and file not in on_way]
    beside = [file for file in beside if file in _reached(journey.start, found.handed)]
    rows = []
    for visit in way:
        number = ours.index(visit) + 1 if visit in ours else ""
        rows.append(f"| {number} | `{visit.file}` | {_about(visit.file)} | {_steps(visit)} |")
    head = ["| | file | what it is | handed to |", "|---|---|---|---|"]
    value = journey.name.replace("_", " ")
    drawing = f"![The way of a {value}](images/{journey.name}_path.svg)"
    apart = ", ".join(f"`{file}`" for file in beside)
    count = f"{len(ours)} files of `genart/` are on the way."
    also = f"Also handed the {value}, to show, record or measure it: {apart}."
    return "\n\n".join([drawing, "\n".join(head + rows), f"{count} {also}"])


def is_counted(file: str) -> bool:
    """Whether a file is of genart itself, not of a plug-in or a sketch."""
    return file.startswith("genart/")


def _about(file: str) -> str:
    """Return the first sentence of a module."""
    text = ast.get_docstring(ast.parse((ROOT / file).read_text())) or ""
    return text.partition("\n")[0].rstrip(".").replace("|", "\\|")


def _steps(visit: Visit) -> str:
    """Return the first two functions that people may know, each with the type of what it got."""
    steps = {name.partition(".<")[0]: kind for name, kind in reversed(visit.steps.items())}
    shown = [name for name in reversed(steps) if not _PRIVATE.search(name)][:2]
    return ", ".join(f"`{name}` ({steps[name]})" for name in shown)


def drawing(found: Trace, journey: Journey) -> str:
    """Return the way as an SVG: a column a folder, a row a file, in the order of the visits."""
    way = found.way(journey.start, journey.end)
    rooms = list(dict.fromkeys(_room(visit.file) for visit in way))
    wide, high, left, top = 132, 40, 12, 44
    boxes = {
        visit.file: (left + rooms.index(_room(visit.file)) * wide, top + row * high)
        for row, visit in enumerate(way)
    }
    width, height = left * 2 + wide * len(rooms), top + high * len(way) + 12
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="sans-serif" font-size="13">',
        f"<title>The way of a {journey.name.replace('_', ' ')} through the files of genart</title>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    for n, room in enumerate(rooms):
        x = left + n * wide
        parts.append(
            f'<rect x="{x - 4}" y="8" width="{wide - 6}" height="{height - 16}" rx="6" '
            f'fill="{"#f4f1ea" if n % 2 else "#eef3f4"}"/>'
            f'<text x="{x + wide / 2 - 7}" y="28" text-anchor="middle" fill="#555">{room}</text>'
        )
    corners = [(x + wide / 2 - 7, y + 13) for x, y in boxes.values()]
    line = " ".join(f"{x:g},{y:g}" for x, y in corners)
    parts.append(f'<polyline points="{line}" fill="none" stroke="#b3541e" stroke-width="2"/>')
    for file, (x, y) in boxes.items():
        fill = "#fff" if is_counted(file) else "#ddd"
        parts.append(
            f'<rect x="{x}" y="{y}" width="{wide - 14}" height="26" rx="4" fill="{fill}" '
            f'stroke="#444"/><text x="{x + wide / 2 - 7}" y="{y + 17}" text-anchor="middle">'
            f"{Path(file).stem}</text>"
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


def _room(file: str) -> str:
    parts = Path(file).parts
    return parts[0] if parts[0] != "genart" else parts[1] if len(parts) > 2 else "genart"


def update(text: str, name: str, part: str) -> str:
    """Return the page with another part between the comments of a journey."""
    begin, end = f"<!-- {name}: made by docs/scripts/trace_paths.py -->", f"<!-- {name}: end -->"
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n\n{part}\n\n{end}{after}"


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
