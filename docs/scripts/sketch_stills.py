"""Make the stills of docs/sketches.md again: `python docs/scripts/sketch_stills.py [MODEL]`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from PIL import Image

import genart
from genart.playback.sketch import sketches

FOLDER = Path(__file__).parents[1] / "images" / "sketches"
#: Which of sixteen frames of a loop shows a sketch best; the fourth unless said.
MOMENTS = {"beat_cut": 4, "breathe": 6, "corners": 3, "shimmer": 9, "trio": 11}


def main(model: str = "pomona") -> None:
    """One image a sketch, 384 pixels a side."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    generator = genart.load(model)
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "film.mp4"
        genart.render("drift", film, model="plasma", seconds=16, fps=1, size=384)
        for name in sketches():
            sink = genart.MemorySink()
            params = {"sketch.source": str(film), "sketch.mix": 0.5} if name == "footage" else {}
            genart.render(name, sink, model=generator, seconds=16, fps=1, size=384, params=params)
            picture = Image.fromarray(sink.frames[MOMENTS.get(name, 4)])
            picture.save(FOLDER / f"{name}.jpg", quality=88)


if __name__ == "__main__":
    main(*sys.argv[1:])
