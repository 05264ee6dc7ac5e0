"""Optional abilities of generators: layers, styles, noise maps, blending."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

if TYPE_CHECKING:
    import torch

    from genart.contracts import Generator, Image, Noise
    from genart.latent import Latent

    #: From a layer's activations (n, c, h, w) to the same shape.
    Change: TypeAlias = Callable[[torch.Tensor], torch.Tensor]
else:
    Change = Any


@runtime_checkable
class StyleWeights(Protocol):
    """A generator whose convolutions take their styles from w by affine maps."""

    def style_weights(self) -> list[tuple[int, torch.Tensor]]:
        """Return each convolution's layer in w+ and the weight (channels, w_dim) of its map."""
        ...


@runtime_checkable
class Layered(Protocol):
    """A generator that shows what its layers compute."""

    def layer_names(self) -> list[str]:
        """Return the layers from first to last, such as "b16.conv1"."""
        ...

    def activations(
        self, latent: Latent, layer: str, *, truncation: float = 1.0, cutoff: int | None = None
    ) -> torch.Tensor:
        """Compute the activations of a layer for n latents, (n, channels, h, w).

        Raises:
            UnknownName: no such layer.
        """
        ...


@runtime_checkable
class Bendable(Layered, Protocol):
    """A generator whose layers can be changed before the image is made: network bending."""

    def with_layers(
        self,
        latent: Latent,
        changes: Mapping[str, Change],
        *,
        truncation: float = 1.0,
        cutoff: int | None = None,
        noise: Noise = "const",
    ) -> Image:
        """Make images with changed activations of some layers; all else as `Generator.__call__`.

        Args:
            latent: n latents.
            changes: by layer, a function from its activations (n, c, h, w) to the same shape. It
                must not write to its argument. Gradients flow where they flow otherwise.
            truncation: as for `Generator.map`.
            cutoff: as for `Generator.map`.
            noise: as for `Generator.__call__`.

        Raises:
            UnknownName: no such layer.
        """
        ...


@runtime_checkable
class Blendable(Protocol):
    """A generator whose weights can be blended with those of another of the same shape."""

    def blended(self, other: Generator, amounts: Callable[[], tuple[float, float]]) -> Generator:
        """Return a generator between this one and another.

        Args:
            other: of the same shape.
            amounts: called for every image; returns the share of the other, 0..1, and the
                resolution in pixels from which it is blended in; see `genart.blend_models`.

        Raises:
            UsageError: another kind of generator, or other shapes.
        """
        ...


@runtime_checkable
class NoiseMaps(Protocol):
    """A generator whose noise inputs can be replaced."""

    def noise_maps(self) -> dict[str, torch.Tensor]:
        """Return its own noise maps by layer, (h, w) each."""
        ...

    def with_maps(self, latent: Latent, maps: Mapping[str, torch.Tensor]) -> Image:
        """Make images of n latents with other maps, (h, w) or (n, 1, h, w) each; gradients flow."""
        ...
