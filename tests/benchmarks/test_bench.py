"""`genart bench`: rows measured beside other code, turn by turn."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional as F

import genart
from genart import cli
from genart.benchmarks import onnx_runtimes
from genart.benchmarks.chart import save_chart
from genart.benchmarks.report import BenchFigures, OtherFigures, Table
from genart.benchmarks.timing import figures, floor
from genart.cli.bench import show
from genart_stylegan2 import benchmark_steps, peak_memory
from genart_stylegan2.benchmarks import SHAPES, arithmetic, rows
from genart_stylegan2.config import Config
from genart_stylegan2.network import Network

QUICK = genart.benchmarks.BenchOptions(quick=True)


def test_all_sides_are_measured_in_turns_and_compared() -> None:
    turns: list[str] = []

    def side(name: str, result: float) -> Callable[[], float]:
        def run() -> float:
            turns.append(name)
            return result

        return run

    case = genart.benchmarks.BenchCase(
        side("ours", 1.0),
        {"official": side("official", 1.25), "OpenVINO": side("OpenVINO", 1.5)},
        difference=lambda ours, theirs: theirs - ours,
    )
    found = figures(genart.benchmarks.BenchRow("row", lambda: case, rounds=4), QUICK, 1)
    turn = ["ours", "ours", "official", "official", "OpenVINO", "OpenVINO"]
    assert turns == ["ours", "official", "OpenVINO"] * 2 + 4 * turn, "the first of two only warms"
    assert (found.rounds, found.threads) == (4, 1)
    assert found.ours_ms is not None
    assert found.ours_range is not None
    assert found.ours_range[0] <= found.ours_ms <= found.ours_range[1]
    assert [(each.name, each.difference) for each in found.others] == [
        ("official", 0.25), ("OpenVINO", 0.5),
    ]  # fmt: skip
    for other in found.others:
        assert other.ratio == pytest.approx(other.value / found.ours_ms)
        assert other.extent[0] <= other.value <= other.extent[1]
    first = found.others[0]
    assert (found.baseline_ms, found.ratio) == (first.value, first.ratio)


def test_figures_are_for_one_thing_and_a_share_of_what_the_machine_can_do() -> None:
    told = iter([3.0, 8.0, 4.0])
    least = floor("cpu", 1)
    case = genart.benchmarks.BenchCase(
        lambda: next(told), per=2, flop=least.flops * 1e-3, timed=False
    )
    found = figures(genart.benchmarks.BenchRow("row", lambda: case, threads=1, rounds=3), QUICK, 2)
    assert found.ours_ms == 2.0
    assert found.ours_range == (1.5, 4.0)
    assert found.floor_fraction == pytest.approx(0.5)
    assert (found.baseline_ms, found.ratio, found.threads) == (None, None, 1)


def test_memory_is_told_in_its_own_unit() -> None:
    case = genart.benchmarks.BenchCase(
        lambda: 10.0, {"official": lambda: 30.0}, unit="MB", timed=False
    )
    found = figures(genart.benchmarks.BenchRow("row", lambda: case, rounds=1), QUICK, 1)
    assert (found.ours_mb, found.baseline_mb, found.ratio) == (10.0, 30.0, 3.0)
    assert found.ours_ms is None


def test_the_command_measures_the_rows_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        cli.run(["bench", "--quick", "--rows", "^(frame|mapping)", "--threads", "1", "--json"]) == 0
    )
    told = json.loads(capsys.readouterr().out)
    assert {row["name"] for row in told["rows"]} == {"mapping batch 1", "frame 512px"}
    for row in told["rows"]:
        assert {"name", "ours_ms", "baseline_ms", "ratio", "floor_fraction"} <= set(row)
        assert row["ours_ms"] > 0
        assert row["floor_fraction"] > 0
        assert row["baseline_ms"] is None
    assert told["machine"]["gflops"] > 0


def test_the_table_names_the_machine_and_every_row(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["bench", "--quick", "--rows", "^frame", "--device", "cpu"]) == 0
    head, kernels, line = capsys.readouterr().out.splitlines()[:3]
    assert "GFLOP/s" in head
    assert "compiled kernels: " in kernels
    assert line.startswith("frame 512px")
    assert " ms (" in line


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--rows", "teapot"], 'No row matches "teapot". Rows: "'),
        (["--rows", "("], "not a regular expression"),
        (["--threads", "0"], "1 or more"),
        (["--official", "/nowhere"], "no folder /nowhere"),
    ],
)
def test_misuse_is_explained(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["bench", "--quick", *words]) == 2
    assert said in capsys.readouterr().err


def test_a_row_that_cannot_be_measured_says_why_and_the_rest_goes_on(tmp_path: Path) -> None:
    table = genart.benchmarks.bench(
        "^(mapping|frame)", checkouts={"official": tmp_path}, quick=True, threads=1, device="cpu"
    )
    bad, good = table.rows
    assert "not a checkout of stylegan2-ada-pytorch" in bad.problem
    assert bad.ours_ms is None
    assert good.ours_ms is not None


def _table(*ratios: float) -> Table:
    rows = [
        BenchFigures(
            f"row {n}",
            ours_ms=10.0,
            ours_range=(9.0, 11.0),
            others=tuple(
                OtherFigures(name, 10.0 * each * part, (1.0, 99.0), each * part)
                for name, part in (("official", 1.0), ("OpenVINO", 0.5))
            ),
        )
        for n, each in enumerate(ratios)
    ]
    return Table([*rows, BenchFigures("alone", ours_ms=1.0, ours_range=(1.0, 1.0))], {
        "processor": "a processor", "threads": 2, "cores": 2, "torch": "2", "date": "2026-11-22",
        "gflops": 1.0, "copy_gb_s": 1.0, "missing": "ONNX Runtime",
    })  # fmt: skip


def test_the_chart_has_a_bar_for_each_other_code_as_long_as_its_ratio(tmp_path: Path) -> None:
    path = save_chart(_table(4.0, 1.0), tmp_path / "chart.png")
    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    green = (pixels[..., 1] > pixels[..., 0] + 40).sum(1)[60:]  # below the head
    brown = (pixels[..., 0] > pixels[..., 2] + 100).sum(1)[60:]
    for bars in green, brown:
        longest, shortest = bars.max(), bars[bars > 0].min()
        assert longest == pytest.approx(4 * shortest, rel=0.02), "the two rows"
    assert green.max() == pytest.approx(2 * brown.max(), rel=0.02), "the two other codes"


def test_the_table_has_a_line_for_each_other_code_and_says_what_is_not_installed() -> None:
    lines = list(show(_table(4.0)))
    assert "official" in lines[2]
    assert "4.00 times" in lines[2]
    assert "OpenVINO" in lines[3]
    assert "2.00 times" in lines[3]
    assert "ONNX Runtime" in lines[-1]
    assert "genart[bench]" in lines[-1]


class _Network(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.instance_norm(self.conv(F.pad(x, (1, 1, 1, 1), mode="reflect")))


@pytest.mark.slow
def test_installed_runtimes_compute_what_the_network_computes() -> None:
    for module in ("openvino", "onnxruntime", "onnxscript"):
        pytest.importorskip(module)
    net, image = _Network(), torch.rand(1, 3, 16, 24)
    found = genart.benchmarks.other_runtimes(net, image)
    assert set(found) == {"OpenVINO", "ONNX Runtime"}
    for run in found.values():
        torch.testing.assert_close(run(), net(image).detach(), rtol=0, atol=1e-5)


def test_without_the_runtimes_a_row_has_no_such_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_runtimes, "find_spec", lambda module: None)
    assert onnx_runtimes.missing_runtimes() == ["OpenVINO", "ONNX Runtime"]
    assert genart.benchmarks.other_runtimes(_Network(), torch.rand(1, 3, 16, 24)) == {}


def test_a_chart_that_cannot_be_is_refused_before_anything_is_measured(tmp_path: Path) -> None:
    with pytest.raises(genart.UsageError, match=r"A chart is a \.png"):
        genart.benchmarks.bench("^frame", chart=tmp_path / "chart.gif")
    with pytest.raises(genart.UsageError, match="create it first"):
        genart.benchmarks.bench("^frame", chart=tmp_path / "no" / "chart.png")
    with pytest.raises(genart.UsageError, match="No row has a comparison"):
        save_chart(_table(), tmp_path / "chart.png")
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("part", ["step 8px", "augmented", "R1", "path", "inversion"])
def test_steps_are_measured(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark_steps, "_SHAPE", (8, 64))
    monkeypatch.setattr(benchmark_steps, "_BATCH", 2)
    monkeypatch.setattr(benchmark_steps, "_STEPS", 2)
    row = next(row for row in benchmark_steps.rows(QUICK) if part in row.name)
    found = figures(row, QUICK, 1)
    assert found.ours_ms is not None
    assert found.ours_ms > 0
    assert found.baseline_ms is None


def test_every_shape_of_the_table_has_a_row() -> None:
    names = [row.name for row in rows(genart.benchmarks.BenchOptions())]
    for side, base in SHAPES:
        assert f"synthesis {side}px base {base} batch 1" in names
    assert all(f"{side}px" not in " ".join(r.name for r in rows(QUICK)) for side in (256, 1024))


@pytest.mark.parametrize("side", [4, 64])
def test_the_arithmetic_is_that_of_the_convolutions_that_run(
    side: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = []

    def counting(convolve: Any, places: Any) -> Any:
        def run(x: torch.Tensor, weight: torch.Tensor, **words: Any) -> torch.Tensor:
            made: torch.Tensor = convolve(x, weight, **words)
            counted.append(2 * weight.numel() * places(x, made)[0, 0].numel())
            return made

        return run

    monkeypatch.setattr(F, "conv2d", counting(F.conv2d, lambda x, made: made))
    monkeypatch.setattr(F, "conv_transpose2d", counting(F.conv_transpose2d, lambda x, made: x))
    config = Config(side, channel_base=512, channel_max=32, z_dim=16, w_dim=1, mapping_layers=1)
    Network(config).synthesis(torch.randn(1, config.num_ws, 1))
    assert arithmetic(config) == sum(counted)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="Linux counts memory")
def test_memory_grows_with_the_image_and_with_the_batch() -> None:
    small, large = peak_memory.main("64", "512"), peak_memory.main("256", "2048")
    assert 0 <= small < large
    picture = 256 * 256 * 3 * 4 / 1e6
    assert large > picture, "more than the image itself"
    assert peak_memory.main("256", "2048", "16") > 28 * picture, "two batches of sixteen"
