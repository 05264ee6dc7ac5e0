"""Figures and images of docs/inversion.md: `python docs/scripts/inversion_images.py FOLDER WORK`.

FOLDER holds square images that the model has not seen, WORK keeps what was found, so that a run
that was stopped goes on. A file of VGG16's weights as a third argument measures in those too.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

import genart

IMAGES = Path(__file__).parents[1] / "images" / "inversion"
STEPS = 80  # of each search
TUNING = ({"tuning": 50}, {"tuning": 50, "rate": 4e-3})  # in two goes, the second from the first
SIDE, COLUMNS = 88, 10  # pixels and columns of the sheet
WAYS = ("asked for", "w", "w+", "pivotal")
WALK = (4, 11)  # the works between which the film goes
FPS, SECONDS, FILM = 15, 6, 256


def main(folder: str, work: str, vgg: str = "") -> None:
    """Search, tune, measure, and draw."""
    model = genart.load("pomona")
    paths = sorted(Path(folder).glob("*.png"))
    target = genart.to_image(paths, model.resolution)
    images = {"asked for": target}
    for space in ("w", "w+"):
        found = genart.invert_all(
            paths, Path(work) / space, model=model, space=space, steps=STEPS, resume=True
        )
        places = genart.join([genart.load_latent(each.latent) for each in found.results])
        images[space] = model(places)
        if space == "w":
            pivots = places
    tuned = model
    for number, options in enumerate(TUNING):
        path = Path(work) / f"tuned{number}.safetensors"
        tuned = tune(model, tuned, target, pivots, path, options)
    images["pivotal"] = tuned(pivots)
    report(images, [path.stem for path in paths], vgg)
    print(json.dumps({"drift": drift(model, tuned), "bytes": tuned.source.stat().st_size}))
    sheet(images, IMAGES / "works.jpg")
    film(tuned, pivots[list(WALK)], IMAGES / "between.webp")


def tune(
    model: genart.Generator,
    begin: genart.Generator,
    target: genart.Image,
    pivots: genart.Latent,
    path: Path,
    options: dict[str, Any],
) -> genart.Generator:
    """One tuned generator for all works, from its file if it is there."""
    if not path.is_file():
        found = genart.invert(begin, target, method="pivotal", steps=1, start=pivots, **options)
        assert found.generator is not None
        genart.models.save_tuned(path, model, found.generator)
    return genart.load(path)


def report(images: dict[str, genart.Image], names: list[str], vgg: str) -> None:
    """The table: perceptual distances of what was found from what was asked for."""
    target, measures = images["asked for"], ["lite0", *([vgg] if vgg else [])]
    for network in measures:
        compare = [genart.perception.perceptual_loss(each[None], network) for each in target]
        with torch.no_grad():
            rows = torch.tensor([
                [float(compare[n](images[way][n : n + 1])) for way in WAYS[1:]]
                for n in range(len(target))
            ])  # fmt: skip
            other = [float(compare[n](target[n - 1 : n])) for n in range(1, len(target))]
        print(compare[0].name, "between two works", round(sum(other) / len(other), 3))
        print("mean", [round(float(x), 4) for x in rows.mean(0)])
        print("w+ < w", int((rows[:, 1] < rows[:, 0]).sum()), "of", len(rows))
        print("pivotal < w+", int((rows[:, 2] < rows[:, 1]).sum()), "of", len(rows))
        for name, row in zip(names, rows.tolist(), strict=True):
            print(f"| {name} | " + " | ".join(f"{each:.3f}" for each in row) + " |")


def drift(model: genart.Generator, tuned: genart.Generator) -> float:
    """The change of other latents: the perceptual distance of seeds 1 to 16."""
    keys = model.sample(range(1, 17))
    return float(genart.perception.perceptual_distance(tuned(keys), model(keys)).mean())


def sheet(images: dict[str, genart.Image], path: Path) -> None:
    """Columns of works, each with what was asked for above what was found."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [genart.to_frames(images[way], (SIDE, SIDE)) for way in WAYS]
    blocks = [
        np.vstack([np.hstack(row[start : start + COLUMNS]) for row in rows])
        for start in range(0, len(rows[0]) - COLUMNS + 1, COLUMNS)
    ]
    Image.fromarray(np.vstack(blocks)).save(path, quality=88)


def film(model: genart.Generator, keys: genart.Latent, path: Path) -> None:
    """From one work to another and back, by the tuned generator."""
    walk, frames = genart.walk(keys, "slerp", loop=True), FPS * SECONDS
    sink = genart.registry("sink").create(
        "webp", path=path, fps=FPS, size=(FILM, FILM), seconds=SECONDS
    )
    for n in range(frames):
        sink.write(genart.to_frames(model(walk(n / frames)), (FILM, FILM))[0])
    sink.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
