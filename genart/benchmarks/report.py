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
class OtherFigures:
    """What other code took for the work of a row.

    Args:
        name: of the other code.
        value: its median, in the unit of the row.
        extent: its best and worst.
        ratio: its median divided by genart's; above 1 genart is better.
        difference: the largest difference between its result and genart's, None if not compared.
    """

    name: str
    value: float
    extent: tuple[float, float]
    ratio: float | None
    difference: float | None = None


@dataclass(frozen=True)
class BenchFigures:
    """A measured row; times in milliseconds, None where nothing was measured.

    Args:
        name: the row's.
        ours_ms: the median time of genart.
        baseline_ms: the median of the first of the others.
        ratio: of the first of the others; above 1 genart is better.
        floor_fraction: how much of the time is what this machine needs for the arithmetic of the
            plain method, or for moving the data, at its measured best. Above 1 where a method
            with less arithmetic was used.
        ours_range: genart's best and worst.
        others: the figures of other code, in the order of the case.
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
    others: tuple[OtherFigures, ...] = ()
    ours_mb: float | None = None
    baseline_mb: float | None = None
    threads: int = 1
    rounds: int = 0
    problem: str = ""
