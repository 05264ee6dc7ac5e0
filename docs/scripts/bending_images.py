"""Images of docs/bending.md and docs/mixing.md: `python docs/scripts/bending_images.py`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import genart

IMAGES = Path(__file__).parents[1] / "images"
FOLDER = IMAGES / "bending"
CAPTION = 18  # pixels
#: One bend for each operation, and one that leaves everything at rest.
OPERATIONS = [
    "16:rotate@0", "16:translate@0.25", "16:rotate@0.125", "16:scale@1.5", "16:swirl@0.4",
    "32:wave@0.08,2", "16:flip_h@1", "16:flip_v@1", "16:mirror_h@1", "16:mirror_v@1",
    "32:kaleidoscope@1,6", "16:erode@1", "16:dilate@1", "16:multiply@2.5", "16:ablate@0.8",
    "64:invert@0.4", "32:threshold@0.6", "32:quantise@1,1", "16:noise@0.8,7", "32:frequency@3,2",
    "32:blur@0.06", "64:sharpen@2.5",
]  # fmt: skip
PRESETS = ["ink", "melt", "whirl", "lattice", "twins", "double", "frost", "melt + ink"]
CHANNELS = [
    "16:scale@1.8", "16[0-63]:scale@1.8", "16[25%]:scale@1.8", "16[25% seed 1]:scale@1.8",
    "16[cluster 1 of 3]:scale@1.8", "16[cluster 2 of 3]:scale@1.8", "16[cluster 3 of 3]:scale@1.8",
]  # fmt: skip


def main() -> None:
    """All of them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    pomona = genart.load("pomona")
    sheet(pomona, OPERATIONS, "operations", seed=33, columns=6)
    sheet(pomona, CHANNELS, "channels", seed=33, columns=7)
    rows = [seen(pomona, text, seed) for text in PRESETS for seed in (5, 33)]
    names = [text if k == 0 else "" for text in PRESETS for k in (0, 1)]
    save(tiled(rows, names, 8), FOLDER / "presets.jpg")
    genart.layers(pomona, FOLDER / "layer.png", layer="16.conv1", clusters=5, keys=33, size=32)
    grid = IMAGES / "mixing.jpg"
    genart.mixing_grid(grid, model=pomona, rows="5,33", cols="1,9,12,21", styles="middle,fine")


def sheet(model: genart.Generator, texts: list[str], name: str, *, seed: int, columns: int) -> None:
    """One cell a text, with the text above it."""
    captions = ["as it is" if text == OPERATIONS[0] else text for text in texts]
    save(tiled([seen(model, text, seed) for text in texts], captions, columns),
         FOLDER / f"{name}.jpg")  # fmt: skip


def seen(model: genart.Generator, text: str, seed: int) -> genart.Frame:
    """What bends make of a seed."""
    return genart.to_frames(genart.bend(model, text)(model.sample(seed), truncation=0.8))[0]


def tiled(cells: list[genart.Frame], captions: list[str], columns: int) -> genart.Frame:
    """Cells with captions, in rows."""
    cells = [np.vstack([caption(text, cell.shape[1]), cell])
             for text, cell in zip(captions, cells, strict=True)]  # fmt: skip
    while len(cells) % columns:
        cells.append(np.zeros_like(cells[0]))
    rows = [np.hstack(cells[i : i + columns]) for i in range(0, len(cells), columns)]
    return np.vstack(rows)


def caption(text: str, width: int) -> genart.Frame:
    """White letters on black."""
    strip = Image.new("RGB", (width, CAPTION))
    font = ImageFont.load_default(size=10)
    ImageDraw.Draw(strip).text((3, CAPTION // 2), text, "white", font, anchor="lm")
    return np.asarray(strip)


def save(frame: genart.Frame, path: Path) -> None:
    """Keep an image."""
    Image.fromarray(frame).save(path, quality=88)


if __name__ == "__main__":
    main()
