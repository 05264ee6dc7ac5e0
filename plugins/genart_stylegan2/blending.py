"""Two StyleGAN2 models combined: weights blended, or finer blocks of one used in the other.

After Pinkney and Adler 2020, "Resolution Dependent GAN Interpolation for Controllable Image
Synthesis Between Domains". Models that share an ancestor blend best, such as one and the same
model tuned to something else.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import genart

from .generator import StyleGAN2
from .layer_access import Changes
from .network import Network

Shares = tuple[float, ...]
_FEW = 3  # images that the network makes before the engine prepares new weights
_DEEDS = ("architecture", "conv_clamp", "resample_filter", "use_noise")  # not seen in shapes


def shares_of(resolutions: list[int], blend: float, swap: float) -> Shares:
    """How much of the other model the mapping and each block take, 0..1.

    A block takes `blend` from the resolution `swap` on, nothing at half of it and below, and in
    between by octaves, so that swap changes smoothly. The mapping counts as a block of 2 px.
    """
    octave = math.log2(swap)
    return tuple(blend * min(max(math.log2(at) - octave + 1, 0.0), 1.0) for at in (2, *resolutions))


class Blended(genart.Generator):
    """A generator between two of the same shape.

    Where nothing of the second is asked for it is the first, where everything is it is the second,
    bit for bit. While the amounts change the network itself makes the images; when they have
    stood for a few, the engine does, which prepares the weights first.

    Args:
        first: a model.
        second: another of its shape.
        amounts: gives (blend, swap): how much of the second there is, 0..1, and from which
            resolution on in pixels, 2 being everything.
    """

    def __init__(
        self,
        first: StyleGAN2,
        second: StyleGAN2,
        amounts: Callable[[], tuple[float, float]],
        _mixture: Mixture | None = None,
    ) -> None:
        self.inner, self.second, self.amounts = first, second, amounts
        self.name, self.resolution, self.device = first.name, first.resolution, first.device
        self.z_dim, self.w_dim, self.num_ws = first.z_dim, first.w_dim, first.num_ws
        self.num_classes, self.source = first.num_classes, first.source
        self.parents = (second.name, *first.parents, *second.parents)
        self._mixture = _mixture or Mixture(first, second)

    def now(self, draws: bool = False) -> StyleGAN2:
        """The model that plays at the amounts there are now.

        Args:
            draws: whether an image is about to be made.

        Raises:
            UsageError: amounts out of range.
        """
        blend, swap = self.amounts()
        if not (0 <= blend <= 1 and 2 <= swap < math.inf):
            raise genart.UsageError(
                f"blend must be 0..1 and swap 2 or more, not {blend} and {swap}."
            )
        resolutions = self.inner.config.resolutions
        shares = shares_of(resolutions, blend, swap)
        if not any(shares):
            return self.inner
        if all(share == 1 for share in shares):
            return self.second
        return self._mixture.at(shares, self.inner, draws)

    def map(
        self, latent: genart.Latent, truncation: float = 1.0, cutoff: int | None = None
    ) -> genart.Latent:
        """Convert a latent of any space to w+ with the current mapping."""
        return self.now().map(latent, truncation, cutoff)

    def __call__(
        self,
        latent: genart.Latent,
        *,
        truncation: float = 1.0,
        cutoff: int | None = None,
        noise: Any = "const",
    ) -> genart.Image:
        """Images of what there is now; see `Generator.__call__`."""
        return self.now(draws=True)(latent, truncation=truncation, cutoff=cutoff, noise=noise)

    def layer_names(self) -> list[str]:
        """The convolutions, as both models call them."""
        return self.inner.layer_names()

    def activations(
        self,
        latent: genart.Latent,
        layer: str,
        *,
        truncation: float = 1.0,
        cutoff: int | None = None,
    ) -> Tensor:
        """The current output of a convolution; see `Layered`."""
        return self.now().activations(latent, layer, truncation=truncation, cutoff=cutoff)

    def with_layers(
        self,
        latent: genart.Latent,
        changes: Changes,
        *,
        truncation: float = 1.0,
        cutoff: int | None = None,
        noise: Any = "const",
    ) -> genart.Image:
        """Images with layers changed; see `Bendable`."""
        return self.now(draws=True).with_layers(
            latent, changes, truncation=truncation, cutoff=cutoff, noise=noise
        )

    def style_weights(self) -> list[tuple[int, Tensor]]:
        """The styles' weights there are now."""
        return self.now().style_weights()

    def noise_maps(self) -> dict[str, Tensor]:
        """The noise there is now, by layer."""
        return self.now().noise_maps()

    def with_maps(self, latent: genart.Latent, maps: Mapping[str, Tensor]) -> genart.Image:
        """Images with other noise; see `NoiseMaps`."""
        return self.now().with_maps(latent, maps)

    def save(self, path: str | Path) -> Path:
        """Write the current blend as a model."""
        return self.now().save(path)

    def widened(self, size: tuple[int, int]) -> genart.Generator:
        """Both models widened."""
        first, second = self.inner.widened(size), self.second.widened(size)
        return Blended(first, second, self.amounts, self._mixture)

    def reduced(self, times: int) -> genart.Generator | None:
        """Both models stopped early; None where they cannot be."""
        first, second = self.inner.reduced(times), self.second.reduced(times)
        if first is None or second is None:
            return None
        return Blended(first, second, self.amounts, self._mixture)

    def with_precision(self, precision: str) -> genart.Generator:
        """Both models in a precision."""
        first, second = (each.with_precision(precision) for each in (self.inner, self.second))
        return Blended(first, second, self.amounts, self._mixture)

    def in_half(self) -> genart.Generator | None:
        """Both models in half precision; None where that is not faster."""
        first, second = self.inner.in_half(), self.second.in_half()
        if first is None or second is None:
            return None
        return Blended(first, second, self.amounts, self._mixture)


class Mixture:
    """A new network whose weights lie between those of two others.

    Args:
        first: where a share of 0 lies.
        second: where a share of 1 lies.
    """

    def __init__(self, first: StyleGAN2, second: StyleGAN2) -> None:
        network = copy.deepcopy(first.network)
        self._parts = [
            [_tensors(each) for each in parts]
            for parts in zip(*(_parts(n) for n in (first.network, second.network, network)),
                             strict=True)
        ]  # fmt: skip
        self._shares: Shares = (0.0,) * len(self._parts)
        self._stood = 0  # images made at these shares
        name = f"{first.name}-{second.name}"
        self._settled = StyleGAN2.from_network(network, name=name, metadata=first.metadata)
        self._turning = StyleGAN2.from_network(network, name=name, engine=False)
        self._views: dict[tuple[Any, ...], tuple[StyleGAN2, StyleGAN2]] = {}

    @torch.no_grad()
    def at(self, shares: Shares, like: StyleGAN2, draws: bool) -> StyleGAN2:
        """The model at these shares, of the aspect, size and precision of another."""
        self._stood = self._stood + draws if shares == self._shares else int(draws)
        for (first, second, own), share, before in zip(
            self._parts, shares, self._shares, strict=True
        ):
            if share != before:
                for a, b, mixed in zip(first, second, own, strict=True):
                    torch.lerp(a, b, share, out=mixed)
        self._shares = shares
        return self._views_like(like)[self._stood > _FEW]

    def _views_like(self, like: StyleGAN2) -> tuple[StyleGAN2, StyleGAN2]:
        key = like.view
        if key not in self._views:
            self._views[key] = (self._turning.like(*key), self._settled.like(*key))
        return self._views[key]


def _parts(network: Network) -> list[torch.nn.Module]:
    synthesis = network.synthesis
    return [network.mapping, *(synthesis.block(at) for at in network.config.resolutions)]


def _tensors(module: torch.nn.Module) -> list[Tensor]:
    tensors = [*(p.detach() for p in module.parameters()), *module.buffers()]
    return [tensor for tensor in tensors if tensor.is_floating_point()]


def check(first: StyleGAN2, second: genart.Generator) -> StyleGAN2:
    """The second model, if it can be blended into the first.

    Raises:
        UsageError: another kind of generator, other shapes, or another device.
    """
    if not isinstance(second, StyleGAN2):
        raise genart.UsageError(
            f'"{second.name}" is not a StyleGAN2 model, so it cannot be blended into '
            f'"{first.name}".'
        )
    if first.device != second.device:
        raise genart.UsageError(
            f'"{first.name}" is on {first.device} and "{second.name}" on {second.device}; load '
            "both on one device."
        )
    facts = _difference(first, second)
    if facts:
        raise genart.UsageError(
            f'"{first.name}" and "{second.name}" cannot be blended: {facts}. Both must have one '
            "architecture, for example a model and its tuned copy."
        )
    return second


def _difference(first: StyleGAN2, second: StyleGAN2) -> str:
    for deed in ("img_resolution", *_DEEDS):
        mine, other = getattr(first.config, deed), getattr(second.config, deed)
        if mine != other:
            return f"{deed} is {mine} and {other}"
    shapes = [
        {name: tuple(t.shape) for name, t in each.network.state_dict().items()}
        for each in (first, second)
    ]
    for name in sorted(set(shapes[0]) | set(shapes[1])):
        mine, other = (each.get(name) for each in shapes)
        if mine != other:
            return f"{name} is {mine or 'missing'} and {other or 'missing'}"
    return ""
