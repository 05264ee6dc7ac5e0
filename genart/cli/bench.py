"""`genart bench`: measure speed and memory, also beside other code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genart.cli.command import command as declare

if TYPE_CHECKING:
    from genart.benchmarks.report import BenchFigures, Table
    from genart.progress import ProgressCallback

_FOLDER = click.Path(file_okay=False, path_type=Path)


def show(table: Table) -> Iterator[str]:
    """One line per row: genart with its best and worst, the other code, the ratio, the floor."""
    machine = table.machine
    yield (
        f"{machine['processor']}, {machine['threads']} of {machine['cores']} cores, "
        f"{machine['gflops']} GFLOP/s, {machine['copy_gb_s']} GB/s, torch {machine['torch']}"
    )
    width = max(len(row.name) for row in table.rows)
    yield f"{'':<{width}}  {'genart':>26}  {'other':>26}  {'times':>6}  {'floor':>6}"
    for row in table.rows:
        yield _line(row, width)


def _line(row: BenchFigures, width: int) -> str:
    if row.problem:
        return f"{row.name:<{width}}  {row.problem}"
    unit = "ms" if row.ours_mb is None else "MB"
    ours = _cell(row.ours_ms if row.ours_mb is None else row.ours_mb, row.ours_range, unit)
    other = row.baseline_ms if row.ours_mb is None else row.baseline_mb
    beside = _cell(other, row.baseline_range, unit)
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    share = "" if row.floor_fraction is None else f"{row.floor_fraction:.0%}"
    return f"{row.name:<{width}}  {ours:>26}  {beside:>26}  {ratio:>6}  {share:>6}"


def _cell(value: float | None, extent: tuple[float, float] | None, unit: str) -> str:
    if value is None or extent is None:
        return ""
    return f"{value:.1f} {unit} ({extent[0]:.1f}-{extent[1]:.1f})"


@declare("genart bench --official ../stylegan2-ada-pytorch --rows synthesis", show, name="bench")
@click.option(
    "--official",
    type=_FOLDER,
    help="Checkout of stylegan2-ada-pytorch or stylegan3 to compare with.",
)
@click.option("--neural-style", type=_FOLDER, help="Checkout of neural-style-pt.")
@click.option("--cyclegan", type=_FOLDER, help="Checkout of pytorch-CycleGAN-and-pix2pix.")
@click.option(
    "--rows",
    default="",
    metavar="PATTERN",
    help="Only rows whose name matches this regular expression.",
)
@click.option("--threads", type=int, help="Number of CPU threads.  [chosen by torch]")
@click.option("--quick", is_flag=True, help="Small sizes, few repetitions.")
@click.option(
    "--chart", type=click.Path(dir_okay=False, path_type=Path),
    help="Draw the rows with a comparison to this .png file.",
)  # fmt: skip
def command(
    rows: str,
    threads: int | None,
    quick: bool,
    chart: Path | None,
    device: str,
    progress: ProgressCallback,
    **folders: Path | None,
) -> Any:
    """Measure speed and memory on this machine.

    Other code whose folder is given runs in the same process, in alternating runs. Times are
    medians, with the best and the worst in brackets.
    """
    from genart.benchmarks.table import bench

    given = {name.replace("_", "-"): folder for name, folder in folders.items() if folder}
    return bench(
        rows, checkouts=given, threads=threads, quick=quick, chart=chart, device=device,
        progress=progress,
    )  # fmt: skip
