"""What a generator may offer beyond pictures, for those who look inside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import torch

    from genart.contracts import Image, Latent


@runtime_checkable
class StyleWeights(Protocol):
    """A generator whose convolutions are steered by affine maps of w."""

    def style_weights(self) -> list[tuple[int, torch.Tensor]]:
        """For each convolution its layer in w+, and its affine map's weight (channels, w_dim)."""
        ...


@runtime_checkable
class Layered(Protocol):
    """A generator that shows what its layers make."""

    def layer_names(self) -> list[str]:
        """The layers from first to last, such as "b16.conv1"."""
        ...

    def activations(
        self, latent: Latent, layer: str, *, truncation: float = 1.0, cutoff: int | None = None
    ) -> torch.Tensor:
        """What a layer makes of n places, (n, channels, h, w).

        Raises:
            UnknownName: no such layer.
        """
        ...


@runtime_checkable
class NoiseMaps(Protocol):
    """A generator whose grain comes from maps that others may give."""

    def noise_maps(self) -> dict[str, torch.Tensor]:
        """Its own maps by layer, (h, w) each."""
        ...

    def with_maps(self, latent: Latent, maps: Mapping[str, torch.Tensor]) -> Image:
        """Images of n places with other maps, (h, w) or (n, 1, h, w) each; gradients flow."""
        ...
