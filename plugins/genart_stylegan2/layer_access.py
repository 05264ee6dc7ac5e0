"""Access to the inside of a StyleGAN2 model: its layers, styles and noise."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import torch
from torch import Tensor

import genart

from .network import Network

#: By layer, what becomes of its activations (n, c, h, w).
Changes: TypeAlias = Mapping[str, Callable[[Tensor], Tensor]]


class Inside(genart.Generator):
    """The layers of a synthesis network, shown and changed."""

    network: Network
    half: bool | str
    _start: tuple[int, int]

    @abstractmethod
    def _images(
        self,
        latent: genart.Latent,
        truncation: float,
        cutoff: int | None,
        noise: Any,
        changes: Changes | None = None,
    ) -> genart.Image:
        """Images, with what some layers make changed."""

    def style_weights(self) -> list[tuple[int, Tensor]]:
        """The layer in w+ of each 3x3 convolution, and its style's weight (channels, w_dim)."""
        return [
            (layer, conv.affine.weight.detach() * conv.affine.weight_gain)
            for layer, (_, conv) in enumerate(self.network.synthesis.convolutions())
        ]

    def layer_names(self) -> list[str]:
        """The convolutions from first to last: "b4.conv1", "b8.conv0", "b8.conv1" ..."""
        return [name for name, _ in self.network.synthesis.convolutions()]

    def activations(
        self,
        latent: genart.Latent,
        layer: str,
        *,
        truncation: float = 1.0,
        cutoff: int | None = None,
    ) -> Tensor:
        """The output of a convolution for n latents, after its activation, (n, channels, h, w).

        Raises:
            UnknownName: no such layer.
        """
        self._check_layer(layer)
        kept: list[Tensor] = []

        def keep(name: str, made: Tensor) -> Tensor:
            if name == layer:
                kept.append(made)
            return made

        ws = self.map(latent, truncation, cutoff).values
        with torch.set_grad_enabled(follows(latent)):
            self.network.synthesis(ws, "const", self._start, self.half, after=keep)
        return kept[0]

    def _check_layer(self, layer: str) -> None:
        names = self.layer_names()
        if layer not in names:
            raise genart.errors.UnknownName("layer", layer, names, "")

    def noise_maps(self) -> dict[str, Tensor]:
        """The maps of constant noise by layer, (h, w) each; none where the model has no noise."""
        layers = self.network.synthesis.convolutions()
        return {name: conv.noise_const.clone() for name, conv in layers if conv.use_noise}

    def with_maps(self, latent: genart.Latent, maps: Mapping[str, Tensor]) -> genart.Image:
        """Images of n latents, untruncated, with other noise maps, (h, w) or (n, 1, h, w) each."""
        ws = self.map(latent).values
        state = {f"{name}.noise_const": each for name, each in maps.items()}
        made: Tensor = torch.func.functional_call(
            self.network.synthesis, state, (ws, "const", self._start, self.half)
        ).float()
        return made.expand(-1, 3, -1, -1) if made.shape[1] == 1 else made

    def with_layers(
        self,
        latent: genart.Latent,
        changes: Mapping[str, Callable[[Tensor], Tensor]],
        *,
        truncation: float = 1.0,
        cutoff: int | None = None,
        noise: str | float | Tensor = "const",
    ) -> genart.Image:
        """Images with what some convolutions make changed; see `genart.models.Bendable`.

        Raises:
            UnknownName: no such layer.
        """
        for layer in changes:
            self._check_layer(layer)
        return self._images(latent, truncation, cutoff, noise, changes)


def follows(latent: genart.Latent) -> bool:
    """Whether gradients are to be followed through this latent."""
    rows = (latent.values, latent.label, latent.truncation)
    return torch.is_grad_enabled() and any(row is not None and row.requires_grad for row in rows)
