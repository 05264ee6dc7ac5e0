"""What a generator may offer beyond pictures, for those who look inside."""

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
class Bendable(Layered, Protocol):
    """A generator whose layers may be changed on their way to the picture."""

    def with_layers(
        self,
        latent: Latent,
        changes: Mapping[str, Change],
        *,
        truncation: float = 1.0,
        cutoff: int | None = None,
        noise: Noise = "const",
    ) -> Image:
        """Images with what some layers make changed; the rest as `Generator.__call__`.

        Args:
            latent: n places.
            changes: by layer, from its activations (n, c, h, w) to the same shape, which must not
                be written to. Gradients flow where they flow else.
            truncation: as for `Generator.map`.
            cutoff: as for `Generator.map`.
            noise: as for `Generator.__call__`.

        Raises:
            UnknownName: no such layer.
        """
        ...


@runtime_checkable
class Blendable(Protocol):
    """A generator that another of its shape can be blended into, weight by weight."""

    def blended(self, other: Generator, amounts: Callable[[], tuple[float, float]]) -> Generator:
        """A generator between this one and another.

        Args:
            other: of the same shape.
            amounts: gives, at every picture, how much of the other there is, 0..1, and from which
                resolution on in pixels; see `genart.blend_models`.

        Raises:
            UsageError: another kind of generator, or other shapes.
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
