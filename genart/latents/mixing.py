"""Latents mixed: by weight, and layer by layer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from genart.errors import UsageError
from genart.latent import Latent, check_latent

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from genart.contracts import Generator

#: Layers by what they steer, after Karras et al., "A Style-Based Generator Architecture", 2019:
#: pose and shape up to 8 px, features at 16 and 32 px, colour and texture from 64 px.
STYLES = {"coarse": "0-3", "middle": "4-7", "fine": "8-"}
_MOST = 1000  # layers that a text may name where no model says how many there are
_RANGE = re.compile(r"(\d+)(?:(-)(\d+)?)?")


def blend(keys: Latent, weights: torch.Tensor | Sequence[float] | NDArray[np.float64]) -> Latent:
    """Compute weighted sums of latents, of their labels and of their truncation.

    Sums are computed in float64 and returned in float32; a weight of 1 with all others 0 gives that
    latent bit for bit. Labels stay valid if the weights of each sum add up to 1.

    Args:
        keys: n latents in one space.
        weights: (n,) for one sum, or (m, n) for m sums.

    Returns:
        m latents (or one) in the space of the keys, on their device.

    Raises:
        UsageError: weights that do not fit the keys.
    """
    check_latent(keys)
    weights = torch.as_tensor(weights, dtype=torch.float64, device="cpu")
    weights = weights[None] if weights.ndim == 1 else weights
    if weights.ndim != 2 or weights.shape[1] != len(keys):
        raise UsageError(
            f"{len(keys)} keys need weights of shape ({len(keys)},) or (m, {len(keys)}), "
            f"not {tuple(weights.shape)}."
        )
    return replace(
        keys,
        values=_sum(weights, keys.values),
        label=None if keys.label is None else _sum(weights, keys.label),
        truncation=None if keys.truncation is None else _sum(weights, keys.truncation),
    )


def _sum(weights: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    exact = rows.cpu() if rows.device.type == "mps" else rows  # MPS has no float64
    summed = torch.einsum("mn,n...->m...", weights.to(exact.device), exact.double())
    return summed.float().to(rows.device)


def mix(
    generator: Generator, rows: Latent, cols: Latent, layers: Iterable[int] | str = "coarse"
) -> Latent:
    """Mix styles: the w+ of every row with some layers from every column.

    Args:
        generator: the model of the latents.
        rows: r latents in any space; they give the layers that are not named, and the label.
        cols: c latents in any space; they give the named layers.
        layers: indices, or text: "0-3,8", "8-" to the last, "coarse", "middle", "fine" or "all".

    Returns:
        r * c latents in w+, row by row: latent `i * c + j` mixes row i and column j.

    Raises:
        UsageError: layers that the generator does not have.

    Reference: Karras, Laine, Aila, A Style-Based Generator Architecture for GANs (2019),
    arXiv:1812.04948.
    """
    chosen = _chosen(layers, generator.num_ws)
    across, down = generator.map(cols), generator.map(rows)
    values = down.values.repeat_interleave(len(across), dim=0)
    values[:, chosen] = across.values.repeat(len(down), 1, 1)[:, chosen]
    label = None if down.label is None else down.label.repeat_interleave(len(across), dim=0)
    return Latent("w+", values, label)


def parse_layers(text: str, num_ws: int | None = None) -> list[int]:
    """Return the layer numbers of a text.

    Args:
        text: parts between commas: "0-3", "8", "8-" to the last, "coarse", "middle", "fine", "all".
        num_ws: the number of layers; an open range needs it.

    Returns:
        Sorted layer numbers, each once.

    Raises:
        UsageError: text of another form, or a layer beyond the last.
    """
    parts = (_parse_part(part.strip(), num_ws) for part in text.split(","))
    return sorted({layer for part in parts for layer in part})


def _parse_part(part: str, num_ws: int | None) -> range:
    if num_ws is not None and part in STYLES:
        return _named(part, num_ws)
    match = _RANGE.fullmatch({**STYLES, "all": "0-"}.get(part, part))
    if not match:
        raise UsageError(
            f'Layers "{part}" are not understood; write "0-3,8", {", ".join(STYLES)} or all.'
        )
    first, dash, last = match.groups()
    if dash and not last and num_ws is None:
        raise UsageError(f'Layers "{part}" have no end without a model; write both ends.')
    start = int(first)
    end = int(last) if last else max(start, (num_ws or 0) - 1) if dash else start
    if end < start:
        raise UsageError(f'Layers "{part}" run backwards; write "{last}-{first}".')
    _inside([start, end], num_ws)  # before the range is spelt out: it may be enormous
    return range(start, end + 1)


def _named(style: str, num_ws: int) -> range:
    first, _, last = STYLES[style].partition("-")
    layers = range(int(first), min(int(last or num_ws), num_ws - 1) + 1)
    if not layers:
        raise UsageError(f"This model has no {style} layers; it has 0..{num_ws - 1}.")
    return layers


def _chosen(layers: Iterable[int] | str, num_ws: int) -> list[int]:
    if isinstance(layers, str):
        return parse_layers(layers, num_ws)
    return _inside(list(layers), num_ws)


def _inside(layers: list[int], num_ws: int | None) -> list[int]:
    known = f"; this model has 0..{num_ws - 1}" if num_ws is not None else ""
    for layer in layers:
        if not 0 <= layer < (_MOST if num_ws is None else num_ws):
            raise UsageError(f"There is no layer {layer}{known}.")
    return layers
