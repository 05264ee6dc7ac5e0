"""Rows of `genart bench`: synthesis by resolution and batch, mapping, a training step, memory."""

from __future__ import annotations

import copy
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import genart
from genart_stylegan2 import benchmark_steps

from .config import Config
from .generator import StyleGAN2
from .network import Network

#: Resolution and channel base of the table, from small to large.
SHAPES = (
    (64, 4096), (64, 8192), (64, 16384), (128, 4096), (128, 8192), (128, 16384),
    (256, 16384), (512, 32768), (1024, 32768),
)  # fmt: skip
_IN_FOURS = ((64, 4096), (64, 16384), (128, 16384), (256, 16384))
#: Resolution, channel base and batch of the memory rows: one of them grows at a time.
_MEMORY = ((64, 16384, 1), (64, 16384, 4), (64, 16384, 16), (256, 16384, 1), (1024, 32768, 1))
_QUICK = 64  # the largest resolution of a quick run


def rows(options: genart.benchmarks.BenchOptions) -> Iterator[genart.benchmarks.BenchRow]:
    """Every row; the largest shapes are left out of a quick run."""
    most = _QUICK if options.quick else 1 << 16
    shapes = [shape for shape in SHAPES if shape[0] <= most]
    for shape in shapes:
        yield _row("synthesis", shape, 1, partial(_synthesis, shape, 1, options))
    yield genart.benchmarks.BenchRow("synthesis Pomona batch 1", partial(_pomona, options))
    for shape in (shape for shape in _IN_FOURS if shape[0] <= most):
        yield _row("synthesis", shape, 4, partial(_synthesis, shape, 4, options), threads=1)
    yield genart.benchmarks.BenchRow("mapping batch 1", partial(_mapping, options))
    yield from benchmark_steps.rows(options)
    for side, base, batch in _MEMORY:
        if side <= most:
            make = partial(_memory, (side, base), batch, options)
            yield _row("memory", (side, base), batch, make, rounds=1)


def _row(
    what: str, shape: tuple[int, int], batch: int, make: Any, **words: Any
) -> genart.benchmarks.BenchRow:
    name = f"{what} {shape[0]}px base {shape[1]} batch {batch}"
    return genart.benchmarks.BenchRow(name, make, **words)


def _weights(config: Config) -> Network:
    """A network of random weights whose noise counts, too."""
    torch.manual_seed(0)
    net = Network(config).eval()
    for name, parameter in net.named_parameters():
        if name.endswith("noise_strength"):
            parameter.data.fill_(0.1)
    return net


def _synthesis(
    shape: tuple[int, int], batch: int, options: genart.benchmarks.BenchOptions
) -> genart.benchmarks.BenchCase:
    """Images from w+, float32 throughout, beside other code with the same weights."""
    config = Config(shape[0], channel_base=shape[1])
    return _images(_weights(config), batch, options)


def _pomona(options: genart.benchmarks.BenchOptions) -> genart.benchmarks.BenchCase:
    """An image of the included model from w+."""
    model = genart.load("pomona", "cpu")
    assert isinstance(model, StyleGAN2)
    return _images(model.network, 1, options)


def _images(
    net: Network, batch: int, options: genart.benchmarks.BenchOptions
) -> genart.benchmarks.BenchCase:
    config = net.config
    ws = torch.randn(batch, config.num_ws, config.w_dim)
    others: dict[str, Callable[[], Tensor]] = {}
    if checkout := options.checkouts.get("official"):
        from .official import make_official

        others["official"] = partial(make_official(checkout, config, net.state_dict()), ws)
    if options.device == "cpu":
        others |= genart.benchmarks.other_runtimes(copy.deepcopy(net.synthesis), ws)
    latent = genart.Latent("w+", ws.to(options.device))
    model, plain = (
        StyleGAN2.from_network(net, device=options.device, half=False, engine=engine)
        for engine in (True, False)
    )
    return genart.benchmarks.BenchCase(
        partial(model, latent),
        others | {"plain network": partial(plain, latent)},
        per=batch,
        flop=arithmetic(config),
        moved=4.0 * sum(p.numel() for p in net.synthesis.parameters()) / batch,
        difference=_gap,
    )


def _gap(ours: Tensor, theirs: Tensor) -> float:
    """The largest difference between two makers' images or w."""
    return float((ours.cpu() - theirs.cpu()).abs().max())


def arithmetic(config: Config) -> float:
    """Operations of one image by the plain method: convolutions and filters, two a product."""
    total, below = 0, config.channels(4)
    for side in config.resolutions:
        channels = config.channels(side)
        if side > 4:
            total += 9 * below * channels * (side // 2) ** 2
            total += 16 * (channels + config.img_channels) * side**2
        total += (9 * channels + config.img_channels) * channels * side**2
        below = channels
    return 2.0 * total


def _mapping(options: genart.benchmarks.BenchOptions) -> genart.benchmarks.BenchCase:
    """From z to w+."""
    config = Config(64, channel_base=4096)
    net = _weights(config)
    z = torch.randn(1, config.z_dim)
    others: dict[str, Callable[[], Tensor]] = {}
    if checkout := options.checkouts.get("official"):
        from .official import official

        other = official(checkout, config)
        other.load_state_dict(net.state_dict())
        others["official"] = partial(other.mapping, z, None)
    model = StyleGAN2.from_network(net, device=options.device)
    latent = genart.Latent("z", z.to(options.device))
    ours = lambda: model.map(latent).values  # noqa: E731
    weights = 4.0 * sum(p.numel() for p in net.mapping.parameters())
    return genart.benchmarks.BenchCase(ours, others, moved=weights, difference=_gap)


def _memory(
    shape: tuple[int, int], batch: int, options: genart.benchmarks.BenchOptions
) -> genart.benchmarks.BenchCase:
    """The most memory that two batches take beside the weights, in separate processes."""
    checkout = options.checkouts.get("official")
    others = {} if checkout is None else {"official": partial(_peak, shape, batch, checkout)}
    return genart.benchmarks.BenchCase(
        partial(_peak, shape, batch, None), others, unit="MB", timed=False
    )


def _peak(shape: tuple[int, int], batch: int, checkout: Path | None) -> float:
    command = [sys.executable, "-m", "genart_stylegan2.peak_memory", *map(str, (*shape, batch))]
    done = subprocess.run(
        [*command, *([str(checkout)] if checkout else [])], capture_output=True, text=True
    )
    if done.returncode:
        raise genart.GenartError(f"No memory figure: {done.stderr.strip()[-200:]}")
    return float(done.stdout.split()[-1])
