"""Make Pomona's images again: `python docs/scripts/pomona_images.py` in the checkout's root."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

import genart

IMAGES = Path("docs/images")


def main() -> None:
    """The loop of the README, and the sheet of the card: seeds 1 to 40, none left out, psi 1."""
    genart.render("drift", IMAGES / "pomona-loop.webp", seconds=8, fps=15, size=256)
    model = genart.load("pomona", "cpu")
    frames = [
        frame
        for first in range(1, 41, 8)
        for frame in genart.to_frames(model(model.sample(range(first, first + 8))))
    ]
    sheet = Image.new("RGB", (8 * 128, 5 * 128))
    for i, frame in enumerate(frames):
        sheet.paste(Image.fromarray(frame), (i % 8 * 128, i // 8 * 128))
    sheet.save(IMAGES / "pomona-sheet.jpg", quality=90)


if __name__ == "__main__":
    main()
