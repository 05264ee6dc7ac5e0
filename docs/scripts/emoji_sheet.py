"""Make the image of docs/translate.md again: `python docs/scripts/emoji_sheet.py PAIRS.zip MODEL`.

Above, pairs of the training set: drawing, translation, the rendering it learnt from. Below,
drawings that this script makes and the model has never seen.
"""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

import genart

OUT = Path(__file__).parents[1] / "images" / "translate" / "emoji.jpg"
SIDE = 96  # the side that the model was trained at
_BIG = 8 * SIDE  # drawings are made large and reduced, which smooths their edges
#: Every so many of the set, in the order of their names.
_EVERY = 210
#: Shapes of a drawing in hundredths of its side: kind, box or points, colour.
DRAWINGS = (
    (("ellipse", (8, 8, 92, 92), "#ffb02e"), ("ellipse", (30, 32, 42, 52), "#402a32"),
     ("ellipse", (58, 32, 70, 52), "#402a32"), ("chord", (28, 42, 72, 80), "#bb1d80")),
    (("polygon", (50, 6, 94, 46, 6, 46), "#f8312f"), ("rectangle", (16, 46, 84, 92), "#ffd9b0"),
     ("rectangle", (42, 62, 58, 92), "#7d4533")),
    (("ellipse", (10, 24, 76, 76), "#00a6ed"), ("polygon", (70, 50, 96, 24, 96, 76), "#0074ba"),
     ("ellipse", (24, 40, 34, 50), "#212121")),
    (("ellipse", (14, 10, 86, 82), "#86d72f"), ("rectangle", (45, 78, 55, 96), "#7d4533")),
    (("pieslice", (4, 10, 96, 102), "#8d65c5"), ("rectangle", (48, 54, 52, 92), "#636363")),
    (("rectangle", (12, 30, 88, 84), "#f9c23c"), ("rectangle", (44, 30, 56, 84), "#f8312f"),
     ("ellipse", (26, 10, 50, 34), "#f8312f"), ("ellipse", (50, 10, 74, 34), "#f8312f")),
)  # fmt: skip


def main(archive: str, model: str) -> None:
    """Rows of three pairs, then a row of drawings over a row of their translations."""
    style = genart.stylizer("pix2pix", model=model)
    tiles = []
    for left, right in pairs(archive):
        tiles += [left, painted(style, left), right]
    rows = [np.hstack(tiles[i : i + 6]) for i in range(0, 18, 6)]
    own = [drawing(number) for number in range(len(DRAWINGS))]
    rows += [np.hstack(own), np.hstack([painted(style, frame) for frame in own])]
    OUT.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.vstack(rows)).save(OUT, quality=92)


def pairs(archive: str) -> list[tuple[genart.Frame, genart.Frame]]:
    """Six pairs, spread over the set and not chosen."""
    found = []
    with zipfile.ZipFile(archive) as pictures:
        for name in sorted(pictures.namelist())[_EVERY::_EVERY][:6]:
            with Image.open(io.BytesIO(pictures.read(name)), formats=["JPEG"]) as wide:
                half = np.array(
                    wide.convert("RGB").resize((2 * SIDE, SIDE), Image.Resampling.LANCZOS)
                )
            found.append((half[:, :SIDE], half[:, SIDE:]))
    return found


def drawing(number: int) -> genart.Frame:
    """A drawing of flat colours on white."""
    sheet = Image.new("RGB", (_BIG, _BIG), "white")
    pen = ImageDraw.Draw(sheet)
    for kind, places, colour in DRAWINGS[number]:
        scaled = [place * _BIG / 100 for place in places]
        if kind in ("chord", "pieslice"):
            start, end = (0, 180) if kind == "chord" else (180, 360)
            getattr(pen, kind)(scaled, start, end, fill=colour)
        else:
            getattr(pen, kind)(scaled, fill=colour)
    return np.array(sheet.resize((SIDE, SIDE), Image.Resampling.LANCZOS))


def painted(style: genart.Stylizer, frame: genart.Frame) -> genart.Frame:
    """The translation of a frame."""
    return genart.to_frames(style(genart.to_image(np.ascontiguousarray(frame))))[0]


if __name__ == "__main__":
    main(*sys.argv[1:3])
