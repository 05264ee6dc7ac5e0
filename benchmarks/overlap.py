"""How well making and encoding overlap: `python benchmarks/overlap.py [--frames N] [SIZE ...]`.

For each size three things are timed turn by turn, best of so many: the frames made and let go,
the same frames encoded from memory, and a film. The slower of the first two should set the pace of
the third. Where both together ask for more than all cores give, their sum over the cores is the
bound instead; the processor time of both is measured, too.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import genart

ROUNDS = 3


class Nowhere:
    """A sink that lets frames go, or keeps them."""

    def __init__(self, kept: list[genart.Frame] | None = None) -> None:
        self.kept = kept

    def write(self, frame: genart.Frame) -> None:
        """Take one frame."""
        if self.kept is not None:
            self.kept.append(frame)

    def close(self) -> None:
        """Nothing is open."""


def taken(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and of processors, here and in the encoder."""
    before, begin = processors(), time.perf_counter()
    work()
    return time.perf_counter() - begin, processors() - before


def processors() -> float:
    """Seconds that this process and those it waited for have had of processors."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in both)


def measure(model: genart.Generator, size: int, count: int, codec: str | None) -> None:
    """Print one line for a size."""
    words = {"model": model, "size": size, "seconds": count / 30, "fps": 30, "even": False}
    kept: list[genart.Frame] = []
    genart.render("drift", Nowhere(kept), **words)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"

        def encode() -> None:
            sink = genart.registry("sink").create(
                "mp4", path=path, fps=30, size=(size, size), codec=codec, seconds=count / 30
            )
            for frame in kept:
                sink.write(frame)
            sink.close()

        works = {
            "made": lambda: genart.render("drift", Nowhere(), **words),
            "encoded": encode,
            "film": lambda: genart.render("drift", path, codec=codec, **words),
        }
        found = {name: [] for name in works}
        for _ in range(ROUNDS):
            for name, work in works.items():
                found[name].append(taken(work))
    best = {name: min(each) for name, each in found.items()}
    told = "  ".join(f"{name} {1e3 * best[name][0] / count:6.1f} ms" for name in works)
    slower = max(best["made"][0], best["encoded"][0])
    cores = (best["made"][1] + best["encoded"][1]) / (os.cpu_count() or 1)
    film = best["film"][0]
    print(
        f"{size:5} px  {told}  the slower sets {slower / film:4.0%} of the pace, "
        f"the bound of the cores {max(slower, cores) / film:4.0%}"
    )


def main() -> None:
    """Measure every size."""
    words = argparse.ArgumentParser(description="How well making and encoding overlap.")
    words.add_argument("sizes", nargs="*", type=int, default=[128, 512, 1024])
    words.add_argument("--frames", type=int, default=150)
    words.add_argument("--model", default="pomona")
    words.add_argument("--codec")
    given = words.parse_args()
    model = genart.load(given.model)
    for size in given.sizes:
        measure(model, size, given.frames, given.codec)


if __name__ == "__main__":
    main()
