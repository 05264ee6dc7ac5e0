"""The start of a search: the average w, the best of random ones, an encoder's estimate."""

from __future__ import annotations

import math
from collections import OrderedDict
from pathlib import Path

import torch
from torch import Tensor

import genart

from .encoder import find_encoder, load_encoder

STARTS = ("auto", "average", "samples", "encoder")
_BATCH = 8  # images made at a time
_SEED = 123  # of the latents for the average and its standard deviation
_KEPT = 4  # generators whose statistics are remembered
_known: OrderedDict[tuple[int, int], tuple[genart.Generator, Tensor, float]] = OrderedDict()


def initial_w(
    start: str | genart.Latent,
    generator: genart.Generator,
    compare: genart.perception.PerceptualLoss,
    target: Tensor,
    tries: int,
    samples: int,
    encoder: str | Path,
) -> Tensor:
    """Where to begin for each of n targets, (n or 1, 1 or num_ws, w_dim); see `Projector`.

    Raises:
        UsageError: a Latent of another size or number, or an encoder that there is not.
    """
    if not isinstance(start, str):
        return _given(start, generator, len(target))
    average, _ = statistics(generator, samples)
    if start == "average":
        return average[None, None]
    own = None if start == "samples" else encoder_w(generator, target, encoder)
    if start == "encoder":
        if own is None:
            raise genart.UsageError(
                f'There is no encoder for "{generator.name}". Train one: genart train encoder '
                f"--model {generator.source or generator.name} --out runs/encoder"
            )
        return own[:, None]
    random = random_w(generator, tries, torch.Generator().manual_seed(_SEED))
    return best_start(generator, compare, torch.cat([average[None], random]), own)[:, None]


def _given(start: genart.Latent, generator: genart.Generator, n: int) -> Tensor:
    if start.space == "z" or len(start) not in (1, n):
        many = "1 latent" if n == 1 else f"1 latent or {n}"
        raise genart.UsageError(
            f"A search starts at {many} in w or w+, not at {len(start)} in {start.space}."
        )
    w = generator.map(start).values
    return w[:, :1] if start.space == "w" else w


def random_w(generator: genart.Generator, n: int, draw: torch.Generator) -> Tensor:
    """The w of n random z, (n, w_dim); of random classes, where there are classes."""
    z = torch.randn(n, generator.z_dim, generator=draw).to(generator.device)
    label = None
    if generator.num_classes:
        at = torch.randint(generator.num_classes, (n,), generator=draw)
        label = torch.nn.functional.one_hot(at, generator.num_classes).to(z)
    with torch.no_grad():
        return generator.map(genart.Latent("z", z, label)).values[:, 0]


def statistics(generator: genart.Generator, samples: int = 10_000) -> tuple[Tensor, float]:
    """The average w of random z, (w_dim,), and the root of its mean squared distance."""
    key = (id(generator), samples)
    if key not in _known:
        w = random_w(generator, samples, torch.Generator().manual_seed(_SEED))
        average = w.mean(0)
        spread = math.sqrt(float((w - average).square().sum(1).mean()))
        _known[key] = (generator, average, spread)  # holding the generator keeps its id its own
        while len(_known) > _KEPT:
            _known.popitem(last=False)
    return _known[key][1:]


def encoder_w(
    generator: genart.Generator, target: Tensor, encoder: str | Path = ""
) -> Tensor | None:
    """An encoder's w for images, (n, w_dim); None where no encoder is named and none is known.

    Raises:
        UsageError: the encoder of another generator.
        CheckpointError: a file that is no encoder.
    """
    path = Path(encoder) if encoder else find_encoder(generator)
    if path is None:
        return None
    return load_encoder(path, generator).guess(target)


@torch.no_grad()
def best_start(
    generator: genart.Generator,
    compare: genart.perception.PerceptualLoss,
    candidates: Tensor,
    own: Tensor | None = None,
) -> Tensor:
    """For each target the w whose image looks most like it, (n, w_dim).

    Args:
        generator: whose images they are.
        compare: holds the n targets.
        candidates: (m, w_dim), tried for every target.
        own: (n, w_dim), each tried for its own target.
    """
    parts = [candidates[at : at + _BATCH] for at in range(0, len(candidates), _BATCH)]

    def draw(w: Tensor) -> Tensor:
        return genart.media.image_on_black(generator(genart.Latent("w", w)))

    rows = [compare.every(draw(part)) for part in parts]
    loss, at = torch.cat(rows).min(0)
    best = candidates[at]
    if own is not None:
        nearer = compare(draw(own)) < loss
        best = torch.where(nearer[:, None], own, best)
    return best
