"""Memory of a long render against a short one: `python benchmarks/render_memory.py [seconds ...]`.

Each length runs in a process of its own; printed is the peak resident memory of Python and, as
the kernel counts it, of the largest ffmpeg below it.
"""

from __future__ import annotations

import json
import resource
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

    model = genart.load("plasma", device="cpu", resolution=128)
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "film.mp4"
        report = genart.render(Drift, film, model=model, seconds=seconds, fps=30, size=128)
    peaks = {
        name: round(resource.getrusage(who).ru_maxrss / 1024, 1)
        for name, who in (("python", resource.RUSAGE_SELF), ("ffmpeg", resource.RUSAGE_CHILDREN))
    }
    print(json.dumps({"seconds": seconds, "frames": report.frames, "peak_mb": peaks}))


def main() -> None:
    """Render each length in a fresh process."""
    if len(sys.argv) == 3 and sys.argv[1] == "--one":
        return render(float(sys.argv[2]))
    for seconds in map(float, sys.argv[1:] or LENGTHS):
        subprocess.run([sys.executable, __file__, "--one", str(seconds)], check=True)
    return None


if __name__ == "__main__":
    main()
