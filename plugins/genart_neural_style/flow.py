"""Optical flow from one frame to the next: dense inverse search by OpenCV.

Kroeger, Timofte, Dai and Van Gool 2016. What cannot be followed there and back again is not
trusted, as in Ruder, Dosovitskiy and Brox 2016.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

import genart

_EXTRA = "flow"
_LEAST = 32  # pixels a side: in less there is nothing to follow


def available() -> bool:
    """Whether genart[flow] is installed."""
    return find_spec("cv2") is not None


def require() -> None:
    """Raise MissingExtra where genart[flow] is not installed."""
    _cv2()


def moved(before: Tensor, now: Tensor, painted: Tensor) -> tuple[Tensor, Tensor]:
    """The previous painted frame, moved along the optical flow, and its confidence.

    Args:
        before: the frame before, (1, 3, h, w) in -1..1.
        now: this frame.
        painted: the frame before as it was painted.

    Returns:
        (1, 3, h, w) in -1..1, and (1, 1, h, w): 1 where a pixel is followed back to itself, 0
        where something was hidden or came in from outside.

    Raises:
        MissingExtra: genart[flow] is not installed.
    """
    back, forth = _flow(now, before), _flow(before, now)
    there = _places(back)
    returned = back + _sampled(forth, there)
    lengths = back.square().sum(1, keepdim=True) + _sampled(forth, there).square().sum(1, True)
    trusted = returned.square().sum(1, keepdim=True) <= 0.01 * lengths + 0.5
    inside = (there.abs() <= 1).all(-1)[:, None]
    return _sampled(painted, there), (trusted & inside).float()


def _flow(start: Tensor, goal: Tensor) -> Tensor:
    """(1, 2, h, w): by how many pixels across and down everything in `start` moves to `goal`."""
    cv2 = _cv2()
    if min(start.shape[-2:]) < _LEAST:
        return start.new_zeros(1, 2, *start.shape[-2:])
    search = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    found = search.calc(_grey(start), _grey(goal), None)
    return torch.from_numpy(found).permute(2, 0, 1)[None].to(start)


def _cv2() -> Any:
    try:
        import cv2
    except ImportError:
        raise genart.errors.MissingExtra("opencv-python-headless", _EXTRA) from None
    return cv2


def _grey(image: Tensor) -> Any:
    light = (image[0].mean(0) * 127.5 + 127.5).clamp(0, 255)
    return np.ascontiguousarray(light.round().to(torch.uint8).cpu().numpy())


def _places(flow: Tensor) -> Tensor:
    """Where each pixel comes from, (1, h, w, 2) in -1..1 as grid_sample takes it."""
    height, width = flow.shape[-2:]
    down, across = torch.meshgrid(
        torch.arange(height).to(flow), torch.arange(width).to(flow), indexing="ij"
    )
    x = (across + flow[0, 0]) / max(width - 1, 1) * 2 - 1
    y = (down + flow[0, 1]) / max(height - 1, 1) * 2 - 1
    return torch.stack([x, y], -1)[None]


def _sampled(image: Tensor, places: Tensor) -> Tensor:
    return F.grid_sample(image, places, mode="bilinear", padding_mode="border", align_corners=True)
