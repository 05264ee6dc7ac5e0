"""The dataset of StyleGAN2: all images of a folder or zip in memory, with optional classes.

Images are anywhere below the root, as in other StyleGAN tools, and an optional `dataset.json` has
a list "labels" of [file name, class] pairs (`genart.training.read_labels`). Every image is cropped
at the centre to a square, resized and held as bytes, so an epoch reads no file.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from PIL.Image import Resampling
from torch import Tensor

import genart

_SHARE = 0.25  # of a GPU's free memory that the images may take


@dataclass(frozen=True)
class Dataset:
    """Square images in memory.

    Args:
        images: uint8 (n, 3, side, side).
        labels: class indices (n,), or None.
        num_classes: 0 without labels.
        report: which images are used and which are left out.
        warning: about the classes, or "".
    """

    images: Tensor
    labels: Tensor | None
    num_classes: int
    report: genart.training.ImageReport = field(default_factory=genart.training.ImageReport)
    warning: str = ""

    def __len__(self) -> int:
        return len(self.images)

    @property
    def device(self) -> torch.device:
        """The device of the images; indices into them are on the same device."""
        return self.images.device

    def batch(self, indices: Tensor, device: torch.device | None = None) -> Tensor:
        """Return images (len(indices), 3, side, side), float in -1..1.

        They are copied to the device as bytes, without waiting for it.
        """
        chosen = sent(self.images[indices], device or self.device)
        return chosen.float().div_(127.5).sub_(1)

    def label(self, indices: Tensor, device: torch.device | None = None) -> Tensor | None:
        """Return one-hot labels (len(indices), num_classes), or None."""
        if self.labels is None:
            return None
        same = torch.eye(self.num_classes, device=self.device)
        return sent(same[self.labels[indices]], device or self.device)

    def near(self, device: torch.device) -> Dataset:
        """Return the dataset on a device, or unchanged if it would take too much of its memory."""
        room = torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else math.inf
        if self.images.numel() > _SHARE * room:
            return self
        labels = None if self.labels is None else self.labels.to(device)
        return replace(self, images=self.images.to(device), labels=labels)


def sent(rows: Tensor, device: torch.device) -> Tensor:
    """Return rows on a device; they reach a GPU through pinned memory, asynchronously."""
    if rows.device == device:
        return rows
    held = rows.pin_memory() if rows.is_cpu and device.type == "cuda" else rows
    return held.to(device, non_blocking=True)


def load_dataset(path: str | Path, side: int, *, labels: bool = False) -> Dataset:
    """Read all images of a folder or zip as squares of `side` pixels.

    Args:
        path: a folder or zip.
        side: of the squares in pixels.
        labels: whether to read classes from `dataset.json`.

    Raises:
        DataError: no such path, no images, or labels asked for and missing.
    """
    source = genart.training.ImageSource(path)
    read = genart.training.load_squares(source, side, Resampling.LANCZOS)
    if not labels:
        return Dataset(read.images, None, 0, read.report)
    found = genart.training.read_labels(source, read.names)
    return Dataset(
        read.images, torch.tensor(found.indices), found.count, read.report, found.warning()
    )  # fmt: skip
