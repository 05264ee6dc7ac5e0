"""Make the images of docs/fast-style.md: `python docs/scripts/fast_style_images.py PHOTO`."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image

import genart

IMAGES = Path(__file__).parents[1] / "images"
SIDE, SECONDS, FPS = 256, 9, 12
SEEDS = (5, 12, 33)  # of the frames on the sheet
STYLES = ("great_wave", "scream", "starry_night")


def main(photo: str) -> None:
    """The sheet of every style, and the walk that fades from one to the next."""
    model = genart.load("pomona", "cpu")
    frames = F.interpolate(model(model.sample(SEEDS), truncation=0.8), (SIDE, SIDE), mode="bicubic")
    given = torch.cat([genart.to_image(photo, (SIDE, SIDE)), frames]).clamp(-1, 1)
    rows = [given, *(genart.stylizer(f"fast:{style}")(given) for style in STYLES)]
    sheet = torch.cat([torch.cat(list(row), 2) for row in rows], 1)
    Image.fromarray(genart.to_frames(sheet[None])[0]).save(IMAGES / "fast-style.jpg", quality=88)
    film(model)


def film(model: genart.Generator) -> None:
    """A loop through a walk; each style in turn holds, then fades into the next."""
    walk = genart.walk(model.sample([2, 5, 18, 33]), "cubic", loop=True)
    painter = genart.stylizer("fast")
    count = SECONDS * FPS
    frames = []
    for k in range(count):
        image = model(walk(k / count), truncation=0.8)
        for style, share in shares(k / count).items():
            setattr(painter, style, share)
        large = F.interpolate(image, (SIDE, SIDE), mode="bicubic").clamp(-1, 1)
        frames.append(Image.fromarray(genart.to_frames(painter(large))[0]))
    frames[0].save(
        IMAGES / "fast-style.webp", save_all=True, append_images=frames[1:],
        duration=1000 // FPS, loop=0, quality=60, method=6,
    )  # fmt: skip


def shares(phase: float) -> dict[str, float]:
    """The share of each style at a phase 0..1: they follow each other round the loop."""
    found = {}
    for n, style in enumerate(STYLES):
        away = abs((phase * len(STYLES) - n + len(STYLES) / 2) % len(STYLES) - len(STYLES) / 2)
        rise = min(max((0.75 - away) / 0.5, 0.0), 1.0)
        found[style] = 0.5 - 0.5 * math.cos(math.pi * rise)
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
