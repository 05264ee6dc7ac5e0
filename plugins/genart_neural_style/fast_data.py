"""The content images that a fast style learns from: random crops from a folder or zip."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

import genart

_LOG = logging.getLogger("genart.images")
_SMALLEST_CROP = 0.5  # of the shorter side


class ContentImages:
    """Random square crops of images, which are decoded when they are drawn.

    A crop takes half to all of an image's shorter side, at a random position, mirrored or not,
    with random changes of brightness, contrast and colours.

    Args:
        path: a folder, searched with its subfolders, or a zip.
        side: of the crops, in pixels.
        jitter: strength of the changes of colours, 0..1.

    Attributes:
        left_out: name to reason, of images that could not be read when they were drawn.

    Raises:
        DataError: no such path, or no images.
    """

    def __init__(self, path: str | Path, side: int, jitter: float = 0.0) -> None:
        self.source = genart.training.ImageSource(path)
        self.side, self.jitter = side, jitter
        self.left_out: dict[str, str] = {}
        if not self.source.names:
            raise self.source.no_images()

    def draw(self, count: int, random: torch.Generator) -> Tensor:
        """Return crops (count, 3, side, side), float in -1..1.

        Args:
            count: how many.
            random: the random numbers that choose images, crops and colours.

        Raises:
            DataError: none of the images can be read.
        """
        return torch.stack([self._one(random) for _ in range(count)])

    def _one(self, random: torch.Generator) -> Tensor:
        names = self.source.names
        while len(self.left_out) < len(names):
            name = names[int(torch.randint(len(names), (), generator=random))]
            try:
                return self._varied(self._cropped(name, random), random)
            except genart.training.UnreadableImage as error:
                if name not in self.left_out:
                    _LOG.warning("Left out: %s", error)
                self.left_out[name] = error.reason
        raise self.source.no_images(self._unreadable())

    def report(self) -> genart.training.ImageReport:
        """Return which images are used and which are left out, as far as they were drawn."""
        return self.source.report(
            len(self.source.names) - len(self.left_out), self._unreadable()
        )  # fmt: skip

    def _unreadable(self) -> list[genart.training.LeftOut]:
        return [genart.training.LeftOut(*each) for each in self.left_out.items()]

    def _cropped(self, name: str, random: torch.Generator) -> Tensor:
        image = self.source.open(name, 2 * self.side)
        share, left, top, mirror = torch.rand(4, generator=random).tolist()
        width, height = image.size
        side = min(width, height) * (_SMALLEST_CROP + (1 - _SMALLEST_CROP) * share)
        x, y = left * (width - side), top * (height - side)
        box = (x, y, x + side, y + side)
        crop = image.resize((self.side, self.side), Image.Resampling.BICUBIC, box)
        crop = ImageOps.mirror(crop) if mirror < 0.5 else crop
        return genart.to_image(np.array(crop))[0]

    def _varied(self, image: Tensor, random: torch.Generator) -> Tensor:
        draw = self.jitter * (2 * torch.rand(8, generator=random) - 1)
        grey = image.mean(0, keepdim=True)
        image = torch.lerp(grey, image, 1 + draw[0].item())  # saturation
        image = image * (1 + draw[1]) + draw[2] / 2  # contrast, brightness
        return (image * (1 + draw[3:6, None, None] / 3)).clamp_(-1, 1)
