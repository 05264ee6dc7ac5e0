"""A folder of inversions: an .npz and a preview for each, and an index of complete entries."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from genart.contracts import Frame, Generator, Image
from genart.errors import UsageError
from genart.files import atomic, file_hash
from genart.latent import Latent
from genart.latents.npz import save_latent
from genart.media.frames import to_frames
from genart.media.metadata import recipe_text
from genart.media.recipe import make_recipe
from genart.models.delta import save_tuned


@dataclass(frozen=True)
class Found:
    """The result for one image or film.

    Args:
        image: its path.
        latent: the .npz file of its latent, of one per frame for a film, or "" if it failed.
        preview: an image file: the image beside what was found; of a film the middle frame.
        loss: the last loss of the search.
        distance: the perceptual distance between the two images, see
            `genart.perception.perceptual_distance`; the mean over a film.
        model: the file of the tuned generator that makes the image, or "" if it is the given one.
        error: why it failed, or "".
        reused: whether it was there already.
    """

    image: str
    latent: str = ""
    preview: str = ""
    loss: float | None = None
    distance: float | None = None
    model: str = ""
    error: str = ""
    reused: bool = False


@dataclass(frozen=True)
class Inversions:
    """The results of `genart.invert_all`.

    Args:
        results: one per image or film, in order.
        method: the inverter.
        model: the name of the generator.
        features: the network whose features were compared.
        failed: how many could not be inverted.
        film: the film of the search, or "".
    """

    results: list[Found]
    method: str
    model: str
    features: str = ""
    failed: int = 0
    film: str = ""

    @property
    def made(self) -> int:
        """The number of images that were inverted."""
        return len(self.results) - self.failed


class Store:
    """A folder of inversions with its index.

    Args:
        folder: where; it is created if missing.
        key: model and settings; an entry counts only for the same key.
        resume: whether existing entries may be used.

    Raises:
        UsageError: it contains inversions already, without `resume`.
    """

    def __init__(self, folder: Path, key: str, resume: bool) -> None:
        self.folder, self.index, self.key = folder, folder / "index.jsonl", key
        if self.index.is_file() and not resume:
            raise UsageError(
                f"The folder {folder} already contains inversions. Use another -o folder, or "
                "add --resume."
            )
        folder.mkdir(parents=True, exist_ok=True)
        others = [] if self.index.is_file() else list(folder.iterdir())
        self._entries = dict(self._read())
        self._names = {
            entry[kind] for entry in self._entries.values() for kind in ("latent", "model")
            if entry.get(kind)
        }  # fmt: skip
        self._names |= {each.name for each in others}

    def kept(self, path: Path) -> Found | None:
        """The index entry of an image, if its files exist."""
        entry = self._entries.get(self._id(path))
        if entry is None:
            return None
        files = [self.folder / name for name in (entry["latent"], entry.get("model")) if name]
        return self._found(path, entry, True) if all(f.is_file() for f in files) else None

    def keep(
        self,
        path: Path,
        latent: Latent,
        pair: Image,
        *,
        loss: float,
        distance: float,
        model: str,
        tuned: str = "",
    ) -> Found:
        """Write an image's latent and preview, then its line of the index.

        Args:
            path: the image.
            latent: its latent; all latents of a film.
            pair: (2, 3, h, w), the image and what was found.
            loss: the search's last.
            distance: between the two.
            model: the name of the generator of the latents.
            tuned: the file in the folder of the tuned generator that makes it, if there is one.
        """
        from PIL import Image as Pictures

        stem = self._free(path.stem, ".npz")
        recipe = recipe_text(make_recipe((), {"image": path.name, "search": self.key}))
        save_latent(self.folder / f"{stem}.npz", latent, model=model, recipe=recipe)
        with atomic(self.folder / f"{stem}.png") as partial:
            Pictures.fromarray(beside(*to_frames(pair))).save(partial)
        entry = {
            "id": self._id(path), "image": str(path), "latent": f"{stem}.npz",
            "preview": f"{stem}.png", "loss": loss, "distance": distance, "model": tuned,
        }  # fmt: skip
        self._append(json.dumps(entry))
        return self._found(path, entry, False)

    def keep_tuned(self, parent: Generator, tuned: Generator) -> str:
        """Write a tuned generator as its difference to its parent; returns its file's name."""
        stem = self._free("tuned", ".safetensors")
        save_tuned(self.folder / f"{stem}.safetensors", parent, tuned)
        return f"{stem}.safetensors"

    def _found(self, path: Path, entry: dict[str, Any], reused: bool) -> Found:
        latent, preview, model = (
            str(self.folder / name) if name else ""
            for name in (entry["latent"], entry["preview"], entry.get("model", ""))
        )
        return Found(
            str(path), latent, preview, entry["loss"], entry["distance"], model, reused=reused
        )

    def _id(self, path: Path) -> str:
        """The identity of an inversion: the image's hash, and the key of model and settings."""
        return (file_hash(path) or "") + self.key

    def _append(self, line: str) -> None:
        """Add a line to the index, after an incomplete last line if there is one."""
        with self.index.open("ab+") as file:
            if file.tell():
                file.seek(-1, 2)
                cut = file.read(1) != b"\n"
                file.write(b"\n" if cut else b"")
            file.write(line.encode() + b"\n")

    def _free(self, stem: str, suffix: str) -> str:
        """A name that nothing in the index has, nor what was in the folder before it."""
        names = (stem if n == 1 else f"{stem}-{n}" for n in range(1, len(self._names) + 2))
        name = next(n for n in names if not {f"{n}{suffix}", f"{n}.png"} & self._names)
        self._names.add(f"{name}{suffix}")
        return name

    def _read(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The index's entries; an incomplete last line is skipped."""
        if not self.index.is_file():
            return
        for line in self.index.read_text(encoding="utf-8").splitlines():
            try:
                entry = json.loads(line)
                names = {k: Path(entry.get(k, "")).name for k in ("latent", "preview", "model")}
                yield str(entry["id"]), {"loss": None, "distance": None, **entry, **names}
            except (ValueError, KeyError, TypeError):
                continue


def beside(*frames: Frame) -> Frame:
    """Frames of one size beside each other, without alpha."""
    return np.concatenate([frame[..., :3] for frame in frames], axis=1)
