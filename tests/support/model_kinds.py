"""A small model of every kind, by name, for tests that walk the commands."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

import genart
from genart.hooks import Spec
from genart.plugins import Entry, registry
from support.tiny_models import tiny

SIDE = 32


class Oblong(genart.Generator):
    """A formula whose images are twice as wide as they are high."""

    name, resolution, z_dim, w_dim, num_ws, num_classes = "oblong", (SIDE, 2 * SIDE), 6, 6, 1, 0

    def __init__(self, device: Any = "cpu") -> None:
        self.device = torch.device(device)
        across = torch.linspace(0, math.pi, 2 * SIDE, device=self.device)
        self.waves = (across[None] * torch.linspace(1, 3, SIDE, device=self.device)[:, None]).sin()

    def __call__(
        self,
        latent: genart.Latent,
        *,
        truncation: float = 1.0,
        cutoff: int | None = None,
        noise: Any = "const",
    ) -> torch.Tensor:
        w = self.map(latent, truncation, cutoff).values[:, 0, :3, None, None]
        return (self.waves * w).tanh()


def _file(folder: Path, name: str, **config: Any) -> genart.Generator:
    path = folder / f"{name}.safetensors"
    if not path.exists():
        tiny(img_resolution=SIDE, **config).save(path)
    return genart.load(path, "cpu")


def _tuned(folder: Path) -> genart.Generator:
    parent, path = _file(folder, "rgb"), folder / "tuned.safetensors"
    if not path.exists():
        changed: Any = genart.models.copy_of(parent)
        with torch.no_grad():
            for weight in changed.network.synthesis.parameters():
                weight.add_(0.01)
        genart.models.save_tuned(path, parent, changed)
    return genart.load(path, "cpu")


def _blended(folder: Path) -> genart.Generator:
    return genart.blend_models(_file(folder, "rgb"), _tuned(folder), device="cpu")


#: How each kind is made in a folder.
KINDS: dict[str, Callable[[Path], genart.Generator]] = {
    "grey": lambda folder: _file(folder, "grey", img_channels=1),
    "rgb": lambda folder: _file(folder, "rgb"),
    "rgba": lambda folder: _file(folder, "rgba", img_channels=4),
    "conditional": lambda folder: _file(folder, "conditional", c_dim=3),
    "oblong": lambda folder: Oblong(),
    "plasma": lambda folder: genart.load("plasma", "cpu"),
    "tuned": _tuned,
    "blended": _blended,
    "bent": lambda folder: genart.bend(_file(folder, "rgb"), "16:rotate@0.3"),
}


@contextmanager
def registered(folder: Path) -> Iterator[None]:
    """Make every kind a registered model of the name "a-KIND"."""
    before = registry("generator")._entries
    made = {
        f"a-{kind}": Entry(f"a-{kind}", Spec(lambda device, make=make: make(folder)), "test")
        for kind, make in KINDS.items()
    }
    registry("generator")._entries = {**before, **made}
    try:
        yield
    finally:
        registry("generator")._entries = before
