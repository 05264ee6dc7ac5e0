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
    """A line per row, and one for each other code below it: median, best, worst, ratio."""
    machine = table.machine
    yield (
        f"{machine['processor']}, {machine['threads']} of {machine['cores']} cores, "
        f"{machine['gflops']} GFLOP/s, {machine['copy_gb_s']} GB/s, torch {machine['torch']}"
    )
    if kernels := machine.get("kernels"):
        yield f"compiled kernels: {kernels}"
    width = max(len(row.name) for row in table.rows)
    for row in table.rows:
        yield from _lines(row, width)
    if missing := machine.get("missing"):
        yield f"Not installed, so not measured: {missing}. pip install 'genart[bench]'"


def _lines(row: BenchFigures, width: int) -> Iterator[str]:
    if row.problem:
        yield f"{row.name:<{width}}  {row.problem}"
        return
    unit = "ms" if row.ours_mb is None else "MB"
    ours = _cell(row.ours_ms if row.ours_mb is None else row.ours_mb, row.ours_range, unit)
    share = "" if row.floor_fraction is None else f"  floor {row.floor_fraction:.0%}"
    yield f"{row.name:<{width}}  {ours:>26}{share}"
    for other in row.others:
        beside = _cell(other.value, other.extent, unit)
        ratio = "" if other.ratio is None else f"  {other.ratio:.2f} times"
        apart = "" if other.difference is None else f"  difference {other.difference:.1e}"
        yield f"{'  ' + other.name:<{width}}  {beside:>26}{ratio}{apart}"


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

    Other code runs in the same process, in alternating runs: projects whose folder is given, and
    OpenVINO and ONNX Runtime if they are installed. Times are medians, with the best and the worst
    in brackets.
    """
    from genart.benchmarks.table import bench

    given = {name.replace("_", "-"): folder for name, folder in folders.items() if folder}
    return bench(
        rows, checkouts=given, threads=threads, quick=quick, chart=chart, device=device,
        progress=progress,
    )  # fmt: skip
