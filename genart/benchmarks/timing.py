"""Interleaved timing, and the peak rates of this machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from statistics import median
from typing import Any

import torch

from genart.benchmarks.report import BenchFigures, OtherFigures
from genart.contracts import BenchCase, BenchOptions, BenchRow

_SECONDS = 20.0  # a row takes about this long, if it can


@dataclass(frozen=True)
class Floor:
    """What a device does at best.

    Args:
        flops: operations per second, in a product of two square matrices in float32.
        bytes: bytes read and written a second, in a copy.
    """

    flops: float
    bytes: float

    def seconds(self, case: BenchCase) -> float:
        """The least that a case could take by the plain method."""
        return max(case.flop / self.flops, case.moved / self.bytes)


@lru_cache
def floor(device: str, threads: int) -> Floor:
    """Measure a device; threads count on a CPU."""
    with using(threads):
        a, b, c = (torch.rand(1024, 1024, device=device) for _ in range(3))
        source = torch.rand(1 << 24, device=device)
        target = torch.empty_like(source)
        product = min(_timed(lambda: torch.mm(a, b, out=c), device) for _ in range(8))
        copy = min(_timed(lambda: target.copy_(source), device) for _ in range(8))
    return Floor(2 * 1024**3 / product, 8 * source.numel() / copy)


@contextmanager
def using(threads: int) -> Iterator[None]:
    """Have torch compute with so many threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


#: Seconds between two runs: the threads of one side look for more work for a while, on a core of
#: the other's; ONNX Runtime's for 40 ms.
_REST = 0.1
_SHORT = 1.0  # a side that takes longer runs only once


def figures(row: BenchRow, options: BenchOptions, threads: int) -> BenchFigures:
    """Measure a row: genart and the other code alternate, so all have the same conditions."""
    threads = threads if row.threads is None else row.threads
    with using(threads), torch.no_grad():
        case = row.make()
        differences = _differences(case)
        sides = [case.ours, *case.others.values()]
        taken = _rounds(case, sides, options, row.rounds or (3 if options.quick else 15))
    ours, *rest = [median(of) for of in taken]
    extents = [(min(of), max(of)) for of in taken]
    others = tuple(
        OtherFigures(name, value, extent, value / ours if ours else None, differences.get(name))
        for name, value, extent in zip(case.others, rest, extents[1:], strict=True)
    )
    baseline = rest[0] if rest else None
    common: dict[str, Any] = {
        "name": row.name, "ratio": others[0].ratio if others else None, "threads": threads,
        "rounds": len(taken[0]), "ours_range": extents[0], "others": others,
    }  # fmt: skip
    if case.unit == "MB":
        return BenchFigures(**common, ours_mb=ours, baseline_mb=baseline)
    least = 1e3 * floor(options.device, threads).seconds(case)
    share = least / ours if least else None
    return BenchFigures(**common, ours_ms=ours, baseline_ms=baseline, floor_fraction=share)


def _differences(case: BenchCase) -> dict[str, float]:
    """How far each other's result is from genart's, by name."""
    if case.difference is None or not case.others:
        return {}
    ours = case.ours()
    return {name: case.difference(ours, other()) for name, other in case.others.items()}


def _rounds(
    case: BenchCase, sides: list[Callable[[], Any]], options: BenchOptions, most: int
) -> list[list[float]]:
    """The figures of every side, one a round.

    What is timed is done once before each time that counts, unless that takes long: a frame follows
    a frame, and finds caches and threads as the one before left them.
    """
    warms = [False] * len(sides)
    if case.timed and case.unit == "ms":
        warms = [_timed(side, options.device) < _SHORT for side in sides]
    taken: list[list[float]] = [[] for _ in sides]
    begin = time.perf_counter()
    while len(taken[0]) < most:
        for side, of, warm in zip(sides, taken, warms, strict=True):
            time.sleep(_REST if case.timed else 0)
            if warm:
                side()
            of.append(_figure(case, side, options.device))
        late = time.perf_counter() - begin > _SECONDS
        if late and len(taken[0]) >= min(3, most):
            break
    return taken


def _figure(case: BenchCase, side: Callable[[], Any], device: str) -> float:
    """One figure in the case's unit, for one of its things."""
    if case.unit == "MB" or not case.timed:
        return float(side()) / case.per
    return 1e3 * _timed(side, device) / case.per


def _timed(work: Callable[[], Any], device: str) -> float:
    begin = time.perf_counter()
    work()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - begin
