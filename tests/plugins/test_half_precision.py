"""Precision: half as StyleGAN2-ADA has it, float32 everywhere else, and the message elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from support.films import Drift, plasma

import genart
from genart import cli
from genart_stylegan2.config import Config
from genart_stylegan2.generator import StyleGAN2
from genart_stylegan2.network import Network


def network(clamp: float | None = None, scale: float = 1.0, **words: object) -> Network:
    torch.manual_seed(0)
    config = Config(32, channel_base=512, channel_max=32, z_dim=16, w_dim=16, conv_clamp=clamp,
                    mapping_layers=2, **words)  # fmt: skip
    net = Network(config).eval().requires_grad_(False)
    for name, parameter in net.named_parameters():
        if name.endswith("noise_strength"):
            parameter.fill_(0.1)
        if name.endswith("conv1.bias"):
            parameter.add_(scale - 1)
    return net


def places(net: Network) -> torch.Tensor:
    draw = torch.Generator().manual_seed(1)
    return torch.randn(2, net.config.num_ws, net.config.w_dim, generator=draw)


@pytest.mark.parametrize("architecture", ["skip", "resnet", "orig"])
@pytest.mark.parametrize("half", ["high", "all"])
def test_half_precision_is_near_the_network_in_float32(architecture: str, half: str) -> None:
    net = network(architecture=architecture)
    whole, lean = (net.synthesis(places(net), half=each) for each in (False, half))
    assert lean.dtype == torch.float32 or architecture != "skip"
    gap = (whole - lean.float()).abs()
    assert gap.mean() < 2e-3 * whole.abs().max()
    assert gap.max() < 2e-2 * whole.abs().max()
    assert gap.max() > 0, "it was computed in half precision"


def test_the_four_highest_resolutions_are_half_or_as_many_as_the_model_is_made_for() -> None:
    lean = Config(256)
    assert [side for side in lean.resolutions if lean.is_half(side, "high")] == [32, 64, 128, 256]
    assert not any(lean.is_half(side) for side in lean.resolutions)
    leaner = Config(256, num_fp16_res=5)
    assert next(side for side in leaner.resolutions if leaner.is_half(side, "high")) == 16
    assert all(lean.is_half(side, "all") for side in lean.resolutions)


@pytest.mark.parametrize("clamp", [None, 100.0])
def test_half_precision_clamps_where_float32_would_run_away(clamp: float | None) -> None:
    net = network(clamp, scale=1e5)
    seen: list[torch.Tensor] = []
    for _, conv in net.synthesis.convolutions():
        conv.register_forward_hook(lambda _, __, made: seen.append(made))
    image = net.synthesis(places(net), half="all")
    assert image.isfinite().all()
    limit = clamp or 256.0
    assert max(float(made.abs().max()) for made in seen) == limit
    seen.clear()
    net.synthesis(places(net), half=False)
    assert max(float(made.abs().max()) for made in seen) > 256 or clamp


def test_a_model_on_a_cpu_computes_in_float32_and_says_that_it_has_no_half() -> None:
    model = StyleGAN2.from_network(network(), name="moss")
    assert model.with_precision("float32") is model
    assert model.with_precision("auto") is model
    with pytest.raises(genart.UsageError, match=r'"moss" does not compute in half .* "cpu"; use'):
        model.with_precision("half")
    with pytest.raises(
        genart.errors.UnknownName, match=r'No precision named "halv". Did you mean "half"'
    ):
        model.with_precision("halv")


def test_precision_is_a_param_of_every_film() -> None:
    sink = genart.MemorySink()
    words = {"model": plasma(), "size": 32, "seconds": 0.1}
    report = genart.render(Drift, sink, precision="float32", **words)
    assert report.recipe["params"]["model.precision"] == "float32"
    with pytest.raises(genart.UsageError, match="does not compute in half precision"):
        genart.render(Drift, sink, precision="half", **words)


@pytest.mark.parametrize("words", [["render", "drift", "-o", "x.gif"], ["generate", "-o", "x.png"]])
def test_the_commands_say_so_too(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert cli.run([*words, "--model", "plasma", "--precision", "half"]) == 2
    assert "does not compute in half precision" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
    assert cli.run([*words, "--precision", "fp8"]) == 2
    assert "'half'" in capsys.readouterr().err
