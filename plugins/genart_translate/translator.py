"""The stylizer: applies a generator to images of any size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

import genart

from .architecture import Shape
from .kernel_plans import FastNetwork
from .layers import Moments, Norm
from .model_file import save_model
from .networks import ResNet, UNet, set_test_time
from .tiling import admitted, in_tiles, padded

TILE = 1024  # pixels a side; a larger image is painted in such tiles
_GREY = (0.299, 0.587, 0.114)  # ITU-R BT.601, as Pillow and the public code have it


class Translator:
    """Translates images from one domain to another.

    What CycleGAN and pix2pix train is one thing at test time: a generator. Sides that it does not
    take are padded by reflection and cropped back. Images with a side above `TILE` are painted
    in tiles that share one set of norm statistics, those of the image reduced to `TILE` pixels.

    Args:
        network: the generator.
        name: what people call it.
        metadata: texts of its file.
        assumed: properties that are not in its file and were assumed.
        dropout: see below.
        statistics: see below.
        seed: see below.

    Attributes:
        shape: of the generator.
        network: the generator, in evaluation mode.
        about: the shape in a line, for people.
    """

    dropout = genart.Param(True, help="Dropout stays on if the network was trained with it.")
    statistics = genart.Param(
        "own", choices=("own", "trained"),
        help="Batch norms use the statistics of the image, or those of the training.",
    )  # fmt: skip
    seed = genart.Param(0, 0, 99_999, help="Seed of dropout.")

    def __init__(
        self,
        network: ResNet | UNet,
        *,
        name: str,
        metadata: Mapping[str, str] | None = None,
        assumed: tuple[str, ...] = (),
        dropout: bool = True,
        statistics: str = "own",
        seed: int = 0,
    ) -> None:
        self.network, self.name, self.assumed = network.eval().requires_grad_(False), name, assumed
        self.metadata = dict(metadata or {})
        self.dropout, self.statistics, self.seed = dropout, statistics, seed
        self.network.to(memory_format=torch.channels_last)
        self._made = FastNetwork(self.network)

    @property
    def shape(self) -> Shape:
        """Of the generator."""
        return self.network.shape

    @property
    def about(self) -> str:
        """The architecture in one line."""
        return self.shape.describe() + "".join(f"; {what}" for what in self.assumed)

    def __call__(self, image: genart.Image) -> genart.Image:
        """Translate images of any size; each is translated independently of the others.

        Args:
            image: torch float (n, 3, h, w) in -1..1, or anything else that `genart.to_image`
                takes.

        Raises:
            UsageError: something else than such images.
        """
        image = genart.to_image(image)
        if image.ndim != 4 or image.shape[1] != 3 or 0 in image.shape:
            raise genart.UsageError(f"An image has shape (n, 3, h, w), not {tuple(image.shape)}.")
        set_test_time(
            self.network, own=self.statistics == "own", seed=self.seed if self.dropout else None
        )
        self.network.to(image.device)
        with torch.no_grad():
            return torch.cat([self._one(one[None]) for one in image]).to(image)

    def _one(self, image: Tensor) -> Tensor:
        """One image (1, 3, h, w)."""
        image = self._coloured(image.float())
        size = [admitted(side, self.shape) for side in image.shape[-2:]]
        grown, (rows, columns) = padded(image, (size[0], size[1]))
        if max(size) <= self._tile:
            return self._made(grown)[..., rows, columns].expand(1, 3, -1, -1)
        with self._common(grown):
            made = in_tiles(grown, self._made, self._tile, self._reach(), self.shape.multiple)
        return made[..., rows, columns]

    def _coloured(self, image: Tensor) -> Tensor:
        """The channels that the network takes."""
        if self.shape.channels_in == 3:
            return image
        weights = torch.tensor(_GREY, device=image.device).view(1, 3, 1, 1)
        return (image * weights).sum(1, keepdim=True)

    @property
    def _tile(self) -> int:
        """The side of a tile: deep networks take large ones only."""
        return max(TILE, 4 * self.shape.multiple)

    def _reach(self) -> int:
        """The receptive field of the network in pixels, or an upper limit."""
        if self.shape.kind == "unet":
            return TILE // 8
        per = self.shape.multiple
        return min(per * (2 * self.shape.blocks + 3) + 4 * 3, TILE // 4)

    @contextmanager
    def _common(self, image: Tensor) -> Iterator[None]:
        """Have all norms use the statistics of the image reduced to a tile's size."""
        scale = self._tile / max(image.shape[-2:])
        size = [admitted(round(side * scale), self.shape) for side in image.shape[-2:]]
        small = F.interpolate(image, size, mode="bilinear", antialias=True, align_corners=False)
        norms = [m for m in self.network.modules() if isinstance(m, Norm) and m.own]
        notes: list[list[Moments]] = [[] for _ in norms]
        for norm, note in zip(norms, notes, strict=True):
            norm.noted = note
        try:
            self._made(small)
            for norm, note in zip(norms, notes, strict=True):
                norm.noted, norm.fixed = None, note[0]
            yield
        finally:
            for norm in norms:
                norm.noted = norm.fixed = None

    def save(self, path: str | Path, *, half: bool = False) -> Path:
        """Write the model as .safetensors: weights, and in the header its shape and metadata.

        Args:
            path: the file; its folder exists.
            half: keep weights in half the room, as float16.
        """
        return save_model(path, self.shape, self.network.state_dict(), self.metadata, half=half)
