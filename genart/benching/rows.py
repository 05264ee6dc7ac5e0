"""What a row of `genart bench` is, and what the plug-ins that offer rows are told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True)
class BenchOptions:
    """What was asked for.

    Args:
        device: "cpu", "cuda" or "mps".
        quick: whether small sizes and few rounds will do.
        checkouts: other people's code to run beside ours, by name: "official" (NVIDIA's
            StyleGAN2-ADA or StyleGAN3), "neural-style" and "cyclegan".
    """

    device: str = "cpu"
    quick: bool = False
    checkouts: dict[str, Path] = field(default_factory=dict)


@dataclass(frozen=True)
class BenchCase:
    """A piece of work, ready to be done again and again.

    Args:
        ours: does it once. Where `unit` is "MB" or `timed` is False it returns the figure itself,
            in that unit; otherwise it is timed.
        baseline: the same by other people's code, or None.
        per: how many things are made at once; figures are for one of them.
        flop: floating-point operations of one of them, as the plain method counts them.
        moved: bytes that one of them has to read and write at least.
        difference: gives the largest difference between the two results, or None.
        unit: what the figures are.
        timed: whether the work is timed from outside.
    """

    ours: Callable[[], Any]
    baseline: Callable[[], Any] | None = None
    per: int = 1
    flop: float = 0.0
    moved: float = 0.0
    difference: Callable[[], float] | None = None
    unit: Literal["ms", "MB"] = "ms"
    timed: bool = True


@dataclass(frozen=True)
class BenchRow:
    """A row by name; `make` prepares its case when it is its turn.

    Args:
        name: what is measured, such as "synthesis 64px base 4096 batch 1".
        make: gives the case.
        threads: how many threads it wants on a CPU; None is what was asked for.
        rounds: how often each side is measured; None leaves it to the command.
    """

    name: str
    make: Callable[[], BenchCase]
    threads: int | None = None
    rounds: int | None = None


@dataclass(frozen=True)
class BenchFigures:
    """A measured row; times in milliseconds, None where nothing was measured.

    Args:
        name: the row's.
        ours_ms: the median of ours.
        baseline_ms: the median of the other code.
        ratio: baseline over ours; above 1 ours is faster.
        floor_fraction: how much of the time is what this machine needs for the arithmetic of the
            plain method, or for moving the data, at its measured best. Above 1 where a method
            with less arithmetic was used.
        ours_range: the best and the worst of ours.
        baseline_range: the best and the worst of the other code.
        difference: the largest difference between the two results.
        ours_mb: memory, in rows that measure it instead of time.
        baseline_mb: as ours_mb.
        threads: on the CPU.
        rounds: how often each was measured.
        problem: why there is no figure, or "".
    """

    name: str
    ours_ms: float | None = None
    baseline_ms: float | None = None
    ratio: float | None = None
    floor_fraction: float | None = None
    ours_range: tuple[float, float] | None = None
    baseline_range: tuple[float, float] | None = None
    difference: float | None = None
    ours_mb: float | None = None
    baseline_mb: float | None = None
    threads: int = 1
    rounds: int = 0
    problem: str = ""
