"""Rows of `genart bench`, and the options for plug-ins that offer rows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """What `bench` measured.

    Args:
        rows: the figures.
        machine: what it was measured on: cores, floors, versions, when.
    """

    rows: list[BenchFigures]
    machine: dict[str, str | float]


@dataclass(frozen=True)
class BenchFigures:
    """A measured row; times in milliseconds, None where nothing was measured.

    Args:
        name: the row's.
        ours_ms: the median time of genart.
        baseline_ms: the median of the other code.
        ratio: baseline divided by genart's value; above 1 genart is faster.
        floor_fraction: how much of the time is what this machine needs for the arithmetic of the
            plain method, or for moving the data, at its measured best. Above 1 where a method
            with less arithmetic was used.
        ours_range: genart's best and worst.
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
