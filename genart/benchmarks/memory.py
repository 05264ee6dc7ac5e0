"""The memory that some work needs, measured in a separate process.

    python -m genart.benchmarks.memory SECONDS

Prints the peak memory growth in MB of this process while it renders a film of some seconds.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from genart.errors import GenartError

_SIDE = 128  # pixels


def grown(work: Callable[[], object]) -> float:
    """Return by how much this process grows at most while work runs, in MB.

    Args:
        work: called once.

    Raises:
        GenartError: a system that does not report it; Linux does (proc(5), clear_refs).
    """
    try:
        Path("/proc/self/clear_refs").write_text("5")  # the most so far is what there is now
    except OSError:
        raise GenartError("Memory can be measured on Linux only.") from None
    before = _told("VmRSS")
    work()
    return _told("VmHWM") - before


def _told(field: str) -> float:
    """A field of /proc/self/status in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (found,) = (line.split()[1] for line in lines if line.startswith(field + ":"))
    return int(found) * 1024 / 1e6


def main(seconds: str) -> float:
    """See the module."""
    from genart.models.loading import load
    from genart.rendering.render_film import render

    model = load("plasma", device="cpu", resolution=_SIDE)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        return grown(lambda: render("drift", path, model=model, seconds=float(seconds), fps=30))


if __name__ == "__main__":
    sys.stdout.write(f"{main(*sys.argv[1:])}\n")
