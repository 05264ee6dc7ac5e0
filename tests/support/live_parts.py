"""What tests of performances share: a clock to move by hand, a sketch that fails on request."""

from __future__ import annotations

import threading
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch

import genart
from genart.playback.background_loader import BackgroundLoader
from genart.playback.clock import Tick
from genart.playback.faults import Faults
from genart.playback.player import SketchPlayer
from genart.playback.resilient_player import ResilientPlayer
from genart.playback.settings import Settings
from genart.playback.supervisor import Supervisor

SIZE = (32, 32)


class Time:
    """A clock that moves when a thread waits on it, or on request."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []
        self._set = False

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.now += seconds
        return self._set

    def is_set(self) -> bool:
        return self._set


def tick(index: int, fps: int = 10) -> Tick:
    return Tick(index, Fraction(index, fps), Fraction(1, fps))


def grey(value: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    return np.full((*size, 3), value, np.uint8)


class Flat(genart.Sketch):
    """One grey, which a Param sets; it can fail on request."""

    level = genart.Param(0.0, -1.0, 1.0, smooth=0)
    fail = genart.Param("", choices=("", "raise", "nan", "memory", "exit"))

    def draw(self, t: float, dt: float) -> genart.Image:
        if self.fail == "raise":
            raise RuntimeError("no such colour")
        if self.fail == "memory":
            raise torch.OutOfMemoryError("CUDA out of memory")
        if self.fail == "exit":
            raise SystemExit(3)
        value = float("nan") if self.fail == "nan" else self.level
        return torch.full((1, 3, *self.size), value)


def steady(
    kind: type[genart.Sketch] = Flat,
    file: Path | None = None,
    *,
    load: Callable[[str], genart.Generator] = lambda name: genart.load(name, "cpu"),
    model: str = "plasma",
    settings: dict[str, Any] | None = None,
    **hooks: Any,
) -> tuple[ResilientPlayer, BackgroundLoader, Told]:
    """A player alone, and its reported faults."""
    faults = Told()
    supervisor = Supervisor(faults)
    loader = BackgroundLoader(load, supervisor, file)
    sketch = kind()
    values = Settings({"model.name": model, **(settings or {})}, sketch)
    first = SketchPlayer(sketch, values, load=loader.get, size=SIZE, strict=True)
    return ResilientPlayer(first, loader, supervisor, size=SIZE, **hooks), loader, faults


class Told(Faults):
    """Faults that remember their messages."""

    def __init__(self) -> None:
        self.said: list[str] = []
        super().__init__(self.said.append)


class Tinted(genart.Generator):
    """Flat images of one grey, of any size, with an error to raise and work to do first."""

    num_classes, z_dim, w_dim, num_ws = 0, 4, 4, 2

    def __init__(
        self,
        name: str = "tinted",
        grey: float = 0.0,
        side: int = 32,
        *,
        work: Callable[[int], object] = lambda side: None,
    ) -> None:
        self.name, self.grey, self.resolution = name, grey, (side, side)
        self.device = torch.device("cpu")
        self.work = work

    def __call__(self, latent: genart.Latent, **settings: Any) -> genart.Image:
        self.work(self.resolution[0])
        return torch.full((len(latent), 3, *self.resolution), self.grey)

    def reduced(self, times: int) -> Tinted:
        """The same with smaller sides."""
        return Tinted(self.name, self.grey, self.resolution[0] >> times, work=self.work)


class Painted(genart.Sketch):
    """What the model paints."""

    level = genart.Param(0.5, 0.0, 1.0, smooth=0)

    def draw(self, t: float, dt: float) -> genart.Image:
        return self.paint(self.walk(self.phase))


SAVED = """
import genart, torch
class Saved(genart.Sketch):
    level = genart.Param({default}, 0.0, 1.0, smooth=0)
    {extra}
    def draw(self, t, dt):
        return torch.full((1, 3, *self.size), {value})
"""


class Gate:
    """A sink that writes when it is let."""

    def __init__(self, error: Exception | None = None) -> None:
        self.frames: list[np.ndarray] = []
        self.entered, self.open = threading.Event(), threading.Event()
        self.error, self.closed = error, False

    def write(self, frame: np.ndarray) -> None:
        self.entered.set()
        assert self.open.wait(10)
        if self.error:
            raise self.error
        self.frames.append(frame)

    def close(self) -> None:
        self.closed = True
