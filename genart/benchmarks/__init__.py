"""Benchmarks: cases that plug-ins add to `genart bench`, timing, memory, and the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genart.lazy_names import lazy_names

if TYPE_CHECKING:
    from genart.benchmarks.memory import grown
    from genart.benchmarks.onnx_runtimes import other_runtimes
    from genart.benchmarks.report import BenchFigures, OtherFigures, Table
    from genart.benchmarks.table import bench
    from genart.contracts import BenchCase, BenchOptions, BenchRow
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "genart.benchmarks.memory": "grown",
            "genart.benchmarks.onnx_runtimes": "other_runtimes",
            "genart.benchmarks.report": "BenchFigures OtherFigures Table",
            "genart.benchmarks.table": "bench",
            "genart.contracts": "BenchCase BenchOptions BenchRow",
        },
    )

__all__ = [
    "BenchCase",
    "BenchFigures",
    "BenchOptions",
    "BenchRow",
    "OtherFigures",
    "Table",
    "bench",
    "grown",
    "other_runtimes",
]
