"""Make the image of docs/translate.md again: `python docs/scripts/fruit_sheet.py FRUITS`.

FRUITS is what docs/scripts/fruit_dataset.py wrote. Shown are images of keptA and keptB, which no
training has seen, spread over their names and not chosen, with their translation and the way back.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from PIL import Image

import genart

OUT = Path(__file__).parents[1] / "images" / "translate" / "fruits.jpg"
MODELS = ("fruit_watercolour", "fruit_photo")
SIDE, SHOWN = 128, 10


def main(fruits: str) -> None:
    """Rows of photographs, watercolours of them, the way back; then the other direction."""
    there, back = (genart.stylizer(f"cyclegan:{name}") for name in MODELS)
    rows = []
    for folder, one, other in (("keptA", there, back), ("keptB", back, there)):
        given = pictures(Path(fruits, folder))
        made = one(given)
        rows += [given, made, other(made)]
    sheet = torch.cat([torch.cat(list(row), 2) for row in rows], 1)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(genart.to_frames(sheet[None])[0]).save(OUT, quality=90)


def pictures(folder: Path, count: int = SHOWN) -> genart.Image:
    """Images of a folder, spread evenly over their names, (count, 3, SIDE, SIDE)."""
    files = sorted(folder.iterdir())
    picked = [files[(2 * k + 1) * len(files) // (2 * count)] for k in range(count)]
    return genart.to_image(picked, (SIDE, SIDE))


if __name__ == "__main__":
    main(*sys.argv[1:])
