"""Clusters of channels with similar maps: computed once for a model, stored in the cache folder.

Broad et al. 2021 (section 3.3) embed the maps of every channel and put channels with near
embeddings together by k-means. Here the embedding is that of the principal axes of the maps
themselves: each channel's maps of some random latents, at low resolution and scaled to the same
strength, so that what counts is where a channel draws and not how strongly.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from genart.contracts import Generator
from genart.errors import DataError, UsageError
from genart.files import atomic, cache_folder, file_hash
from genart.latent import Latent
from genart.models.capabilities import Layered

_VERSION = "2"  # of how clusters are found
_PLACES = 24  # images that are looked at
_SIDE = 16  # pixels that a map is seen with, at most, each way
_AXES = 32
_ROUNDS, _TRIES = 100, 4


def clusters(model: Layered, layer: str, count: int = 5, *, seed: int = 0) -> torch.Tensor:
    """Which cluster each channel of a layer is in.

    The first call for a model, layer and count takes as long as some images; the result is kept
    under the model's SHA-256 where it came from a file. They are those of the model itself, as
    high as wide, whatever is bent, blended or moved around it.

    Args:
        model: a generator that shows its layers.
        layer: its full name.
        count: how many clusters, 2 or more, at most the layer's channels.
        seed: of the sampled latents and of k-means.

    Returns:
        (channels,) whole numbers 0..count - 1 on the CPU; 0 is the largest cluster.

    Raises:
        UsageError: too many or too few clusters.
        UnknownName: no such layer.
    """
    assert isinstance(model, Generator)  # whatever has layers is one
    plain = _unwrapped(model)
    if (file := _file(plain, layer, count, seed)) is not None and file.is_file():
        try:
            return _read(file, count)
        except DataError:
            pass  # it is found again and written over
    found = kmeans(_embedded(plain, layer, seed), count, seed=seed)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        with atomic(file) as partial:
            np.savez(partial, labels=found.numpy())
    return found


def kmeans(rows: torch.Tensor, count: int, *, seed: int = 0) -> torch.Tensor:
    """Lloyd's k-means begun by k-means++ (Arthur and Vassilvitskii 2007), the best of some tries.

    Args:
        rows: (n, d).
        count: clusters, 1..n.
        seed: of the beginnings.

    Returns:
        (n,) whole numbers, 0 for the largest cluster.

    Raises:
        UsageError: a count that cannot be.
    """
    if not 1 <= count <= len(rows):
        raise UsageError(f"{len(rows)} channels can have 1..{len(rows)} clusters, not {count}.")
    rows, chance = rows.double(), np.random.RandomState(seed)
    tries = [_lloyd(rows, _begun(rows, count, chance)) for _ in range(_TRIES)]
    labels = min(tries, key=lambda found: found[0])[1]
    sizes = torch.bincount(labels, minlength=count)
    rank = torch.empty_like(sizes)
    rank[torch.argsort(sizes, descending=True, stable=True)] = torch.arange(count)
    return rank[labels]


def _begun(rows: torch.Tensor, count: int, chance: np.random.RandomState) -> torch.Tensor:
    """Centres (count, d) among the rows, each likely to be far from those before."""
    centres = [rows[chance.randint(len(rows))]]
    while len(centres) < count:
        far = torch.cdist(rows, torch.stack(centres)).square().amin(1).numpy()
        share = far / far.sum() if far.sum() > 0 else None
        centres.append(rows[chance.choice(len(rows), p=share)])
    return torch.stack(centres)


def _lloyd(rows: torch.Tensor, centres: torch.Tensor) -> tuple[float, torch.Tensor]:
    """The sum of squared distances, and the labels, when nothing moves any more."""
    labels = torch.full((len(rows),), -1)
    for _ in range(_ROUNDS):
        far = torch.cdist(rows, centres)
        nearest = far.argmin(1)
        if torch.equal(nearest, labels):
            break
        labels = nearest
        for k in range(len(centres)):
            own = rows[labels == k]
            # an empty cluster begins again where the fit is worst
            centres[k] = own.mean(0) if len(own) else rows[far.amin(1).argmax()]
    return float(far.amin(1).square().sum()), labels


def _embedded(model: Generator, layer: str, seed: int) -> torch.Tensor:
    """Return where channels lie on the principal axes of their maps, (channels, axes)."""
    assert isinstance(model, Layered)
    z = np.random.RandomState(seed).randn(_PLACES, model.z_dim)
    places = Latent("z", torch.from_numpy(z).float().to(model.device),
                    model.sample([0] * _PLACES).label)  # fmt: skip
    rows = []
    with torch.no_grad():
        for place in range(_PLACES):
            made = model.activations(places[place], layer).float().cpu()
            side = (min(_SIDE, made.shape[2]), min(_SIDE, made.shape[3]))
            rows.append(F.adaptive_avg_pool2d(made, side)[0].flatten(1))
    maps = torch.cat(rows, 1).double()
    maps = maps - maps.mean(1, keepdim=True)
    maps = maps / maps.norm(dim=1, keepdim=True).clamp(min=1e-9)
    u, s, _ = torch.linalg.svd(maps - maps.mean(0), full_matrices=False)
    embedded: torch.Tensor = (u * s)[:, :_AXES]
    return embedded


def _unwrapped(model: Generator) -> Generator:
    """Return the innermost generator, square if it can be."""
    while model.inner is not None:
        model = model.inner
    height, width = model.resolution
    side = min(height, width)
    return model if height == width else model.widened((side, side))


def _file(model: Generator, layer: str, count: int, seed: int) -> Path | None:
    """Return the cache file of a model's clusters; None for a model without a hash."""
    weights = _hash_of(model)
    if not weights:
        return None
    key = hashlib.sha256("\n".join((_VERSION, weights, layer, str(count), str(seed))).encode())
    return cache_folder() / "clusters" / f"{key.hexdigest()[:32]}.npz"


def _hash_of(model: Generator) -> str:
    """Return the SHA-256 of a model's file, or ""."""
    if model.sha256 or model.source is None or not model.source.is_file():
        return model.sha256
    stat = model.source.stat()
    return _hashed(model.source, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=8)
def _hashed(path: Path, changed: int, size: int) -> str:
    return file_hash(path) or ""


def _read(file: Path, count: int) -> torch.Tensor:
    from genart.latents.npz import read_arrays

    labels = read_arrays(file, ("labels",)).get("labels")
    if labels is None or labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise DataError(f"{file} contains no clusters.")
    if not len(labels) or labels.min() < 0 or labels.max() >= count:
        raise DataError(f"{file} contains other clusters.")
    return torch.from_numpy(labels.astype(np.int64))
