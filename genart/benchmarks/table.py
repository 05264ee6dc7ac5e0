"""The table of `genart bench`."""

from __future__ import annotations

import os
import platform
import re
import time
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

import torch

from genart.benchmarks import core_cases
from genart.benchmarks.chart import check_chart, save_chart
from genart.benchmarks.onnx_runtimes import missing_runtimes
from genart.benchmarks.report import BenchFigures, Table
from genart.benchmarks.timing import figures, floor
from genart.contracts import BenchOptions, BenchRow
from genart.data.system_info import processor
from genart.errors import GenartError, UsageError
from genart.kernels.library import describe
from genart.models.devices import pick_device
from genart.plugins import registry
from genart.progress import Progress, ProgressCallback


def bench(
    rows: str = "",
    *,
    checkouts: Mapping[str, str | Path] | None = None,
    threads: int | None = None,
    quick: bool = False,
    chart: str | Path | None = None,
    device: str = "auto",
    progress: ProgressCallback | None = None,
) -> Table:
    """Measure the benchmark rows of all plug-ins, beside other projects' code if it is given.

    Args:
        rows: a regular expression; rows whose name contains it are measured. "" is every row.
        checkouts: folders of other projects' code by name, see `BenchOptions`.
        threads: CPU threads; torch's own choice unless given.
        quick: small sizes and few rounds.
        chart: a .png file for a chart of the rows that ran beside other code.
        device: "auto", "cpu", "cuda" or "mps".
        progress: called before every row.

    Returns:
        The table; a row that cannot be measured has the reason.

    Raises:
        UsageError: a pattern that is not valid or fits no row, less than 1 thread, a missing
            folder, or a chart with nothing to compare or no folder for it.
    """
    if chart is not None:
        check_chart(chart)
    options = BenchOptions(pick_device(device).type, quick, _folders(checkouts or {}))
    chosen = _chosen(rows, options)
    if threads is not None and threads < 1:
        raise UsageError(f"threads must be 1 or more, not {threads}.")
    count = threads or torch.get_num_threads()
    found = []
    for n, row in enumerate(chosen):
        if progress:
            progress(Progress(n, len(chosen), "row", row.name))
        found.append(_measured(row, options, count))
    if progress:
        progress(Progress(len(chosen), len(chosen), "row"))
    table = Table(found, _machine(options.device, count))
    if chart is not None:
        save_chart(table, chart)
    return table


def _folders(given: Mapping[str, str | Path]) -> dict[str, Path]:
    folders = {name: Path(folder) for name, folder in given.items()}
    for name, folder in folders.items():
        if not folder.is_dir():
            raise UsageError(
                f"There is no folder {folder}. --{name} needs a checkout of that code."
            )
    return folders


def _chosen(pattern: str, options: BenchOptions) -> list[BenchRow]:
    try:
        wanted = re.compile(pattern)
    except re.error as error:
        raise UsageError(f'"{pattern}" is not a regular expression: {error}.') from None
    every = list(_offered(options))
    chosen = [row for row in every if wanted.search(row.name)]
    if not chosen:
        names = ", ".join(f'"{row.name}"' for row in every)
        raise UsageError(f'No row matches "{pattern}". Rows: {names}.')
    return chosen


def _offered(options: BenchOptions) -> Iterator[BenchRow]:
    """Every row, plug-ins' by name and then the core's."""
    for name in registry("benchmark"):
        yield from registry("benchmark").create(name, options=options)
    yield from core_cases.rows(options)


def _measured(row: BenchRow, options: BenchOptions, threads: int) -> BenchFigures:
    try:
        return figures(row, options, threads)
    except (GenartError, ImportError, OSError, RuntimeError) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        return BenchFigures(row.name, threads=row.threads or threads, problem=reason[:300])


def _machine(device: str, threads: int) -> dict[str, str | float]:
    """What the figures were measured on."""
    best = floor(device, threads)
    return {
        "date": time.strftime("%Y-%m-%d"),
        "processor": processor()
        if device == "cpu"
        else torch.cuda.get_device_name()
        if device == "cuda"
        else device,
        "cores": os.cpu_count() or 1,
        "threads": threads,
        "gflops": round(best.flops / 1e9, 1),
        "copy_gb_s": round(best.bytes / 1e9, 1),
        "torch": version("torch"),
        "python": platform.python_version(),
        "kernels": describe() if device == "cpu" else "",
        "missing": " and ".join(missing_runtimes()) if device == "cpu" else "",
    }
