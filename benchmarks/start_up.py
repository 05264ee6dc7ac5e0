"""From the command to the first frame: `python benchmarks/start_up.py [--runs 5] [--json]`.

`genart live` and `genart render` are started as anyone starts them, with the shipped model at its
own size and the walk of the sketch drift, in processes of their own. The clock runs from before the
process is there until the sketch is asked for its second frame, when the first has gone out. Beside
it stands `import torch` alone, which both have to wait for. Exits with 0 if the median of every
command is below 3 s, and 1 if not.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

SKETCH = '''
"""drift, telling when the first frame is out."""

import os

import genart


class Begun(genart.Sketch):
    defaults = {
        "walk.kind": "cubic", "walk.seeds": "1-6", "walk.space": "w", "walk.even": EVEN,
        "model.truncation": 0.8, "model.noise": "walk",
    }
    asked = 0

    def draw(self, t, dt):
        Begun.asked += 1
        if Begun.asked == 2:
            os.write(1, b"begun\\n")  # prints are told on stderr
        return self.paint(self.walk(self.phase))
'''
LIMIT = 3.0  # seconds
#: As installed: modules are compiled once, which an installer does and a checkout does when it may.
COMPILED = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = _measure(Path(folder), asked.runs)
    good = all(each["median"] < LIMIT for name, each in found.items() if name != "import torch")
    if asked.json:
        print(json.dumps({"seconds": found, "cores": os.cpu_count(), "good": good}))
    else:
        for name, each in found.items():
            print(f"{name}: {each['median']:.2f} s ({each['best']:.2f} to {each['worst']:.2f})")
    return 0 if good else 1


def _measure(folder: Path, runs: int) -> dict[str, dict[str, float]]:
    """Every command in turn, so that all meet the same machine; the first turn fills caches."""
    commands = _commands(folder)
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name, command in commands.items():
            seconds = _until_begun(command, folder)
            if turn:
                taken[name].append(seconds)
    return {
        name: {"median": statistics.median(each), "best": min(each), "worst": max(each)}
        for name, each in taken.items()
    }


def _commands(folder: Path) -> dict[str, list[str]]:
    live, film = folder / "live.py", folder / "film.py"
    live.write_text(SKETCH.replace("EVEN", "True"))
    film.write_text(SKETCH.replace("EVEN", "False"))  # evenness looks at the whole walk first
    genart = [sys.executable, "-m", "genart"]
    anywhere = ["--osc", "127.0.0.1:0", "--web", "127.0.0.1:0"]
    return {
        "import torch": [sys.executable, "-c", "import torch; print('begun', flush=True)"],
        "genart live": [*genart, "live", str(live), "--headless", "--seconds", "0.5", *anywhere],
        "genart render": [*genart, "render", str(film), "--seconds", "0.2", "-o", "film.mp4"],
    }


def _until_begun(command: Sequence[str], folder: Path) -> float:
    """Seconds from the start of a process until it says so; waits for its end."""
    began = time.perf_counter()
    with (folder / "errors.txt").open("w+") as errors:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True, cwd=folder, env=COMPILED
        )
        assert process.stdout is not None
        said = any(line.strip() == "begun" for line in process.stdout)
        seconds = time.perf_counter() - began
        process.communicate()
        errors.seek(0)
        if process.returncode or not said:
            raise SystemExit(f"{' '.join(command)} failed: {errors.read()[-500:]}")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
