"""Rows of `genart bench`: an image repainted by a fast style."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import torch

import genart

from .fast_files import FastModel
from .transform import (
    Layout,
    TransformNet,
    johnson,
    small,
)

_SIDES = (256, 512)


def rows(options: genart.benchmarks.BenchOptions) -> Iterator[genart.benchmarks.BenchRow]:
    """The small network at two sizes, and the paper's; a quick run has only the smallest."""
    for side in _SIDES[: 1 if options.quick else None]:
        yield genart.benchmarks.BenchRow(
            f"fast style image {side}px", partial(_case, small(), side, options)
        )
    if not options.quick:
        name = "fast style image 256px, paper's network"
        yield genart.benchmarks.BenchRow(name, partial(_case, johnson(), 256, options))


def _case(
    layout: Layout, side: int, options: genart.benchmarks.BenchOptions
) -> genart.benchmarks.BenchCase:
    """Random weights: time does not depend on them."""
    from .fast import Fast

    painter = Fast(FastModel(TransformNet(layout).folded(), ("one",)), "one")
    image = torch.rand(1, 3, side, side, device=options.device) * 2 - 1
    return genart.benchmarks.BenchCase(lambda: painter(image), flop=arithmetic(layout, side))


def arithmetic(layout: Layout, side: int) -> float:
    """Operations of one square image by the plain method, two a product: convolutions alone."""
    products, channels, at = 0, 3, side
    for kernel, stride, wide in layout.encoder:
        at //= stride
        products += kernel**2 * channels * wide * at**2
        channels = wide
    products += layout.blocks * 2 * 9 * channels**2 * at**2
    for kernel, times, wide in layout.decoder:
        at *= times
        products += kernel**2 * channels * wide * at**2
        channels = wide
    return 2.0 * products
