"""Make the sheets of docs/style.md again: `python docs/scripts/style_images.py DATA [KEEP]`.

DATA holds `content/`, `style/` and `weights/`; KEEP is a folder where finished images are kept,
so that a run that was stopped goes on.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

import genart

FOLDER = Path(__file__).parents[1] / "images" / "style"
PHOTO = "chelsea.png"
PAINTINGS = {
    "The Starry Night": "starry_night_vangogh.jpg",
    "The Great Wave": "great_wave_hokusai.jpg",
    "The Scream": "scream_munch.jpg",
}
VGG16 = "hed_vgg16_features_caffe_bgr_fp16.npz"
SIZE = (216, 324)  # of an image on the sheet, (h, w)
GAP, LABEL = 6, 18  # pixels


def main(data: str, keep: str | None = None) -> None:
    """A column a painting; a row for it, one for the offline default, one for VGG-16."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    source, kept = Path(data), Path(keep) if keep else None
    photo = genart.to_image(source / "content" / PHOTO, SIZE)
    columns = [("photo", photo, [photo, photo])]
    for title, name in PAINTINGS.items():
        path = source / "style" / name
        columns.append((title, genart.to_image(path, SIZE), rows(photo, path, source, kept)))
    sheet(columns).save(FOLDER / "paintings.jpg", quality=84, optimize=True)


def rows(photo: genart.Image, style: Path, source: Path, kept: Path | None) -> list[genart.Image]:
    """The photo in a style, by the offline default and by VGG-16."""
    vgg16 = {"weights": str(source / "weights" / VGG16), "steps": 45}
    made = []
    for name, options in (("lite0", {"network": "lite0"}), ("vgg16", vgg16)):
        place = kept / f"{style.stem}-{name}.png" if kept else None
        if place and place.is_file():
            made.append(genart.to_image(place))
            continue
        painter = genart.stylizer("gatys", style=str(style), **options)
        made.append(painter(photo))
        print(style.stem, painter.report)
        if place:
            Image.fromarray(genart.to_frames(made[-1])[0]).save(place)
    return made


def sheet(columns: list[tuple[str, genart.Image, list[genart.Image]]]) -> Image.Image:
    """Images in columns with their titles, on white."""
    height, width = SIZE
    grid = Image.new(
        "RGB", (len(columns) * (width + GAP) + GAP, 3 * (height + GAP + LABEL) + GAP), "white"
    )
    draw, font = ImageDraw.Draw(grid), ImageFont.load_default(size=13)
    for n, (title, first, others) in enumerate(columns):
        names = (title, "EfficientNet-Lite0", "VGG-16")
        for row, (name, image) in enumerate(zip(names, [first, *others], strict=True)):
            at = (GAP + n * (width + GAP), GAP + row * (height + GAP + LABEL))
            if n == 0 and row:
                continue  # the photo is shown once
            draw.text(at, name, fill="black", font=font)
            grid.paste(Image.fromarray(genart.to_frames(image)[0]), (at[0], at[1] + LABEL))
    return grid


if __name__ == "__main__":
    main(*sys.argv[1:])
