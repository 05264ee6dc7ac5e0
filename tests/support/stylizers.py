"""Two stylizers of a stranger, to paint with in tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

import genart
from genart.plugins import plugins


class Tint:
    """Blends towards one grey."""

    strength = genart.Param(0.5, 0.0, 1.0, help="How far.")

    def __init__(self, level: str = "1", strength: float = 0.5) -> None:
        self.level, self.strength = float(level), strength
        self.sizes: list[tuple[int, ...]] = []

    def __call__(self, image: genart.Image) -> genart.Image:
        self.sizes.append(tuple(image.shape))
        return image + (self.level - image) * self.strength


class Echo:
    """Mixes in the image before, until it is reset."""

    def __init__(self, weight: float = 0.5) -> None:
        self.weight = float(weight)
        self._last: Any = None
        self.resets = 0

    def __call__(self, image: genart.Image) -> genart.Image:
        mixed = image if self._last is None else torch.lerp(image, self._last, self.weight)
        self._last = image
        return mixed

    def reset(self) -> None:
        self._last, self.resets = None, self.resets + 1


class Broken:
    """Fails, or changes the size."""

    def __init__(self, how: str = "raise") -> None:
        self.how = how

    def __call__(self, image: genart.Image) -> genart.Image:
        if self.how == "raise":
            raise ValueError("no paint left")
        return image[..., 1:]


class Painters:
    """The plug-in."""

    @genart.hookimpl
    def register_stylizers(self, register: Callable[[str, Callable[..., Any]], None]) -> None:
        register("tint", Tint)
        register("echo", Echo)
        register("broken", Broken)


@contextmanager
def painters() -> Iterator[None]:
    """The stylizers above are registered."""
    known = plugins()
    stylizers = known.registries["stylizer"]._entries
    before, loaded = dict(stylizers), list(known.loaded)
    known.add(Painters(), "painters")
    try:
        yield
    finally:
        stylizers.clear()
        stylizers.update(before)
        known.loaded[:] = loaded
