"""Make the strips of docs/walks.md again: `python docs/scripts/walk_strips.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import genart

FOLDER = Path(__file__).parents[1] / "images" / "walks"
FRAMES, SIDE = 9, 88
#: File name to the kind of walk, the seeds of its keys, and the options of `genart.walk`.
STRIPS: dict[str, tuple[str, list[int], dict[str, Any]]] = {
    "slerp": ("slerp", [2, 5, 18], {}),
    "hold": ("slerp", [2, 5, 18], {"easing": "hold"}),
    "circle": ("circle", [2], {"seed": 3}),
    "noise": ("noise", [2], {"radius": 0.7, "smoothness": 0.4}),
    "pulse": ("pulse", [2, 5, 18], {"low": 0.1}),
    "traverse": ("traverse", [5], {"loop": False}),
}


def main() -> None:
    """One strip per walk: nine frames at even phases, without noise."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    plasma = genart.registry("generator").create("plasma", resolution=SIDE)
    for name, (kind, seeds, options) in STRIPS.items():
        walk = genart.walk(plasma.sample(seeds), kind, **options)
        save(plasma(places(walk), noise="none"), FOLDER / f"{name}.png")
    uneven = genart.walk(plasma.sample([2, 3, 11]), "cubic", easing="sine")
    for name, walk in (("uneven", uneven), ("even", genart.latents.even(uneven, plasma))):
        save(plasma(places(walk), noise="none"), FOLDER / f"{name}.png")


def places(walk: genart.Walk) -> genart.Latent:
    """Nine latents: around a loop, or from end to end."""
    steps = FRAMES if walk.loop else FRAMES - 1
    return walk.at([k / steps for k in range(FRAMES)])


def save(images: genart.Image, path: Path) -> None:
    """The images beside each other in one image."""
    Image.fromarray(np.hstack(genart.to_frames(images))).save(path, optimize=True)


if __name__ == "__main__":
    main()
