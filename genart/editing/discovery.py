"""Finds directions: from the weights, the variance of w or of a layer, or from examples."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch

from genart.contracts import Generator
from genart.editing.directions import Directions
from genart.errors import UsageError
from genart.latent import Latent
from genart.latents.mixing import parse_layers
from genart.models.capabilities import Layered, StyleWeights
from genart.progress import Progress, ProgressCallback

_BATCH = 512


def sefa(model: Generator, count: int = 10, layers: Iterable[int] | str = "all") -> Directions:
    """Directions in closed form, from the weights alone.

    They are the eigenvectors of A^T A with the largest eigenvalues, where the rows of A are those
    of the affine maps from w to the styles of the convolutions at the chosen layers (Shen and
    Zhou 2021, "Closed-Form Factorization of Latent Semantics in GANs", equation 9). The affine
    maps of the layers that only make colours are left out. Each eigenvector has length 1, its
    largest entry above 0, and acts at the chosen layers.

    Args:
        model: a generator whose styles are affine maps of w.
        count: how many, 1..w_dim.
        layers: whose affine maps are looked at and where the directions act.

    Raises:
        UsageError: a generator of another kind, layers that it does not have, or a wrong count.
    """
    if not isinstance(model, StyleWeights):
        raise UsageError(f'"{model.name}" has no styles, which sefa needs. Use the method pca.')
    _check_count(count, model.w_dim)
    chosen = _layers(model, layers)
    rows = [weight for layer, weight in model.style_weights() if layer in chosen]
    if not rows:
        raise UsageError(f'"{model.name}" has no convolution at the layers {chosen}.')
    stacked = torch.cat(rows).double().cpu()
    values, vectors = torch.linalg.eigh(stacked.t() @ stacked)  # ascending
    best = vectors.t().flip(0)[:count]
    names = tuple(f"sefa{k + 1}" for k in range(len(best)))
    found = tuple(values.flip(0)[:count].tolist())
    return Directions(names, _acting(best, model, chosen), found, model.name, "sefa")


def pca(
    model: Generator,
    count: int = 10,
    layers: Iterable[int] | str = "all",
    *,
    layer: str | None = None,
    samples: int = 10_000,
    seed: int = 0,
    label: Any = None,
    progress: ProgressCallback | None = None,
) -> Directions:
    """The principal components of w, or of the activations of a layer.

    Without `layer` they are the principal axes of w over random z. With it, the principal axes of
    that layer's activations are found, and each direction is the least-squares step in w that
    moves along one of them (Härkönen et al. 2020, "GANSpace", section 2). Each has length 1, its
    largest entry above 0.

    Args:
        model: any generator.
        count: how many, 1..w_dim.
        layers: where the directions act.
        layer: whose activations to look at, one of `model.layer_names()`.
        samples: how many z are drawn; at least 2 count.
        seed: of the draw, as for `numpy.random.RandomState`.
        label: the class, for models with classes.
        progress: called for every batch of activations.

    Returns:
        Directions whose values are shares of the variance, the largest first.

    Raises:
        UsageError: a wrong count, too few samples, or a layer that the model does not have.
    """
    _check_count(count, model.w_dim)
    if samples < max(2, count + 1):
        raise UsageError(f"{count} components need at least {max(2, count + 1)} samples.")
    chosen = _layers(model, layers)
    w = _drawn(model, samples, seed, label)
    centred = (w - w.mean(0)).double()
    if layer is None:
        axes, share = _axes(centred, count)
    else:  # one step in w for each coordinate, fitted over all samples
        made = _activations(model, w, layer, progress)
        coordinates, share = _projected(made, count)
        axes = torch.linalg.lstsq(coordinates, centred).solution  # (count, w_dim)
        axes = axes / axes.norm(dim=1, keepdim=True)
    names = tuple(f"pca{k + 1}" for k in range(len(axes)))
    return Directions(names, _acting(axes, model, chosen), share, model.name, "pca")


def contrast(
    model: Generator, positive: Latent, negative: Latent, name: str = "contrast"
) -> Directions:
    """One direction, from the mean of some latents to the mean of others.

    Args:
        model: the model of the latents.
        positive: latents with more of the property.
        negative: latents with less of it.
        name: of the direction.

    Returns:
        A direction of length 1 over all layers, its value the distance between the means.

    Raises:
        UsageError: means that are the same.
    """
    step = model.map(positive).values.mean(0) - model.map(negative).values.mean(0)
    length = float(step.norm())
    if not length:
        raise UsageError(
            "Both sets of examples have the same mean, so there is no direction between them."
        )
    return Directions((name,), (step / length)[None].cpu(), (length,), model.name, "contrast")


def _check_count(count: int, most: int) -> None:
    if not 1 <= count <= most:
        raise UsageError(
            f"A model with {most} dimensions can have 1..{most} directions, not {count}."
        )


def _layers(model: Generator, layers: Iterable[int] | str) -> list[int]:
    if isinstance(layers, str):
        return parse_layers(layers, model.num_ws)
    return sorted(set(layers))


def _acting(axes: torch.Tensor, model: Generator, layers: list[int]) -> torch.Tensor:
    """Axes (k, w_dim) as steps (k, num_ws, w_dim) at some layers, each with a fixed sign."""
    largest = axes.gather(1, axes.abs().argmax(1, keepdim=True))
    mask = torch.zeros(model.num_ws, 1, dtype=axes.dtype)
    mask[layers] = 1
    return ((axes * largest.sign())[:, None] * mask).float()


def _drawn(model: Generator, samples: int, seed: int, label: Any) -> torch.Tensor:
    """(samples, w_dim) of random z, on the CPU."""
    z = torch.from_numpy(np.random.RandomState(seed).randn(samples, model.z_dim)).float()
    rows = model.sample([0], label).label  # one row, checked
    found = []
    with torch.no_grad():
        for start in range(0, samples, _BATCH):
            part = z[start : start + _BATCH].to(model.device)
            labels = None if rows is None else rows.expand(len(part), -1)
            found.append(model.map(Latent("z", part, labels)).values[:, 0].cpu())
    return torch.cat(found)


def _activations(
    model: Generator, w: torch.Tensor, layer: str, progress: ProgressCallback | None
) -> torch.Tensor:
    """The output of a layer for latents w (n, w_dim), one row per latent."""
    if not isinstance(model, Layered):
        raise UsageError(f'"{model.name}" does not expose its layers. Remove the layer.')
    rows = []
    for start in range(0, len(w), 8):
        batch = Latent("w", w[start : start + 8].to(model.device))
        rows.append(model.activations(batch, layer).flatten(1).float().cpu())
        if progress:
            progress(Progress(min(start + 8, len(w)), len(w), "sample"))
    return torch.cat(rows)


def _axes(rows: torch.Tensor, count: int) -> tuple[torch.Tensor, tuple[float, ...]]:
    """Principal axes (count, d) of centred rows (n, d), and each one's share of the variance."""
    variances, axes = torch.linalg.eigh(rows.t() @ rows)
    share = variances.flip(0)[:count] / variances.sum()
    return axes.t().flip(0)[:count], tuple(share.tolist())


def _projected(rows: torch.Tensor, count: int) -> tuple[torch.Tensor, tuple[float, ...]]:
    """Where rows (n, d) lie on their principal axes, (n, count), and each axis's share.

    The n x n matrix of inner products has the eigenvalues of the covariance, and its eigenvectors,
    scaled, are the coordinates: d may be millions.
    """
    rows = rows - rows.mean(0)
    variances, vectors = torch.linalg.eigh((rows @ rows.t()).double())
    share = variances.flip(0)[:count] / variances.clamp(min=0).sum()
    coordinates = vectors.flip(1)[:, :count] * variances.flip(0)[:count].clamp(min=0).sqrt()
    return coordinates, tuple(share.tolist())
