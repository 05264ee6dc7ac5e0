"""Memory of a long render against a short one: `python benchmarks/render_memory.py [seconds ...]`.

Each length runs in a process of its own; printed is the peak resident memory of Python and of
the ffmpeg below it, as Linux counts them, in MB.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

LENGTHS = (10.0, 600.0)


def render(seconds: float) -> None:
    """Render plasma at 128 px and print the peaks in MB."""
    import genart

    class Drift(genart.Sketch):
        """The plainest walk."""

        def draw(self, t: float, dt: float) -> genart.Image:
            return self.paint(self.walk(self.phase))

    peaks = {"python": 0.0, "ffmpeg": 0.0}

    def look(progress: genart.Progress) -> None:
        if progress.done % 50 == 0:
            peaks["python"] = peak("self")
            lists = Path("/proc/self/task").glob("*/children")
            below = [child for each in lists for child in each.read_text().split()]
            peaks["ffmpeg"] = max([peaks["ffmpeg"], *map(peak, below)])

    model = genart.load("plasma", device="cpu", resolution=128)
    with tempfile.TemporaryDirectory() as folder:
        report = genart.render(
            Drift, Path(folder) / "film.mp4", model=model, seconds=seconds, size=128, progress=look
        )
    print(json.dumps({"seconds": seconds, "frames": report.frames, "peak_mb": peaks}))


def peak(process: str) -> float:
    """The most memory that a process has had, in MB."""
    status = Path(f"/proc/{process}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return round(int(found[1]) / 1024, 1) if found else 0.0


def main() -> None:
    """Render each length in a fresh process."""
    if len(sys.argv) == 3 and sys.argv[1] == "--one":
        return render(float(sys.argv[2]))
    for seconds in map(float, sys.argv[1:] or LENGTHS):
        subprocess.run([sys.executable, __file__, "--one", str(seconds)], check=True)
    return None


if __name__ == "__main__":
    main()
