"""The rows of `genart bench` for inversion: one step of a search."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import torch

import genart

from .projector import Projector, _Search

_BATCHES = (1, 4)


def rows(options: genart.benchmarks.BenchOptions) -> Iterator[genart.benchmarks.BenchRow]:
    """A step of the projector with Pomona, for one image and for four; figures an image."""
    for batch in _BATCHES:
        name = f"inversion step 128px batch {batch}"
        yield genart.benchmarks.BenchRow(name, partial(_step, batch, options))


def _step(batch: int, options: genart.benchmarks.BenchOptions) -> genart.benchmarks.BenchCase:
    """Synthesis, features, and both backwards, in float32."""
    model = genart.load("pomona", options.device)
    target = model(model.sample(range(1, batch + 1))).clamp(-1, 1)
    how = Projector(start="average", samples=100, features="lite0")
    search = _Search(how, model, target, seed=0)

    def ours() -> None:
        with torch.enable_grad():
            search.step(0.5)

    return genart.benchmarks.BenchCase(ours, per=batch)
