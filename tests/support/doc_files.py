"""The files that the pages of docs/ speak of, made small, for their commands to work on."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import genart
from support import sounds, stylegan2_files, translate_plain

PHOTOS = ("photo", "apple", "pear", "wave", "scream", "sea", "flames", "poster", "still", "plum")
SKETCH = '''"""A sketch of the docs."""

import genart


class Mine(genart.Sketch):
    """A walk, enlarged."""

    defaults = {"walk.seeds": "1-3"}
    zoom = genart.Param(1.0, 0.5, 8.0, help="How far the picture is enlarged.")

    def draw(self, t, dt):
        """The picture at time t."""
        return self.paint(self.walk(self.phase))
'''


def write_files(folder: Path) -> None:
    """Write every file that a page expects its reader to have.

    Args:
        folder: an empty folder.
    """
    for seed, name in enumerate(PHOTOS):
        _picture(seed).save(folder / f"{name}.jpg")
        _picture(seed).save(folder / f"{name}.png")
    for name in ("photos", "paintings", "drawings", "renderings"):
        _folder(folder / name, _picture)
        _archive(folder / name)
    _folder(folder / "pictures", _picture)
    _archive(folder / "pictures")
    for part in ("trainA", "trainB"):
        _folder(folder / "horse2zebra" / part, _picture)
    for name in ("pairs", "emoji_pairs"):
        _folder(folder / name, lambda seed: _picture(seed, 128))
        _archive(folder / name)
    sounds.save(folder / "song.wav", sounds.band(120, 1.0))
    for name in ("my_sketch.py", "my_idea.py"):
        (folder / name).write_text(SKETCH)
    _models(folder)
    _films(folder)
    _latents(folder)


def _picture(seed: int, width: int = 64) -> Image.Image:
    """A soft random picture, 64 pixels high."""
    small = np.random.default_rng(seed).integers(0, 255, (6, 6, 3), np.uint8)
    return Image.fromarray(small).resize((width, 64), Image.Resampling.BICUBIC)


def _folder(folder: Path, picture: object) -> None:
    folder.mkdir(parents=True)
    for seed, name in enumerate(("apple", "pear")):
        picture(seed).save(folder / f"{name}.png")  # type: ignore[operator]


def _archive(folder: Path) -> None:
    with zipfile.ZipFile(folder.with_suffix(".zip"), "w") as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, file.name)


def _models(folder: Path) -> None:
    stylegan2_files.nvidia(folder / "network.pkl")
    pomona = genart.load("pomona", device="cpu")
    for name in ("fruit_net_G", "latest_net_G_A"):
        torch.save(
            translate_plain.write(translate_plain.Plain("resnet", 2)), folder / f"{name}.pth"
        )
    shutil.copy(pomona.source, folder / "mine.safetensors")
    shutil.copy(pomona.source, folder / "tuned.safetensors")


def _films(folder: Path) -> None:
    for name in ("dance", "clip", "take_one"):
        genart.render("drift", folder / f"{name}.mp4", model="plasma", seconds=0.3, fps=10, size=64)


def _latents(folder: Path) -> None:
    pomona = genart.load("pomona", device="cpu")
    (folder / "latents").mkdir()
    for seed, name in enumerate(("apple", "pear")):
        found = pomona.map(pomona.sample([seed]))
        for where in (folder, folder / "latents"):
            genart.save_latent(where / f"{name}.npz", found, model="pomona")
