"""genart.invert, and many pictures at once with a store that nothing is made twice for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from genart.contracts import (
    Frame,
    Generator,
    Image,
    Inversion,
    Inverter,
    Latent,
    Progress,
    ProgressCallback,
)
from genart.errors import DataError, UsageError
from genart.files import atomic
from genart.frames import to_frames
from genart.latentfile import save_latent
from genart.models import load
from genart.perception import perceptual_distance
from genart.pictures import read_picture
from genart.plugins import registry
from genart.rendering.recipes import file_hash

STEPS = 500


@dataclass(frozen=True)
class Found:
    """What became of one picture.

    Args:
        image: the picture's path.
        latent: the .npz file of its place, or "" where it failed.
        preview: a picture of that place beside the one asked for.
        loss: the search's last.
        distance: the perceptual distance between the two, see `genart.perceptual_distance`.
        error: why it failed, or "".
        reused: whether it was there already.
    """

    image: str
    latent: str = ""
    preview: str = ""
    loss: float | None = None
    distance: float | None = None
    error: str = ""
    reused: bool = False


@dataclass(frozen=True)
class Inversions:
    """What became of a batch.

    Args:
        results: one a picture, in order.
        method: the inverter.
        model: the generator.
        features: what pictures were compared by.
        failed: how many could not be found.
    """

    results: list[Found]
    method: str
    model: str
    features: str = ""
    failed: int = 0


def invert(
    model: str | Path | Generator,
    image: Image | str | Path,
    *,
    method: str = "projector",
    steps: int = STEPS,
    seed: int = 0,
    fit: str = "crop",
    device: str = "auto",
    progress: ProgressCallback | None = None,
    **options: Any,
) -> Inversion:
    """Find the place in latent space whose picture looks most like another.

    Args:
        model: a Generator, or what `load` takes.
        image: (n, 3, h, w) in -1..1 at the model's size, or a picture file.
        method: the inverter's name: "projector", "semantic" ...
        steps: how long to search.
        seed: of the search's own chance.
        fit: how a file is brought to the model's size: "crop", "pad" or "stretch".
        device: where to load the model.
        progress: told of every step.
        options: for the inverter, such as `space="w+"` for the projector.

    Returns:
        An Inversion: latent, image, losses.

    Raises:
        UnknownName: no such inverter.
        UsageError: an image of another size, or an option that cannot be.
        DataError: a file that is no picture.
    """
    generator = _loaded(model, device)
    target = image if isinstance(image, torch.Tensor) else read_picture(
        image, generator.resolution, fit
    )  # fmt: skip
    _check(generator, target)
    search = _inverter(method, options)
    return search(generator, target, steps=steps, seed=seed, progress=progress)


def invert_all(
    images: Iterable[str | Path],
    output: str | Path,
    *,
    model: str | Path | Generator = "pomona",
    method: str = "projector",
    steps: int = STEPS,
    seed: int = 0,
    fit: str = "crop",
    batch: int = 4,
    resume: bool = False,
    device: str = "auto",
    progress: ProgressCallback | None = None,
    **options: Any,
) -> Inversions:
    """Find the places of many pictures and keep them in a folder.

    The folder holds an .npz and a preview for each, and `index.jsonl`: one line for each picture
    found, written when its files are whole. A picture that fails is told in the results, and the
    others go on. Results do not depend on which pictures share a batch, beyond rounding.

    Args:
        images: picture files.
        output: the folder; it is made if it is not there.
        model: a Generator, or what `load` takes.
        method: the inverter's name.
        steps: how long to search.
        seed: of the search's own chance.
        fit: "crop", "pad" or "stretch".
        batch: how many are searched for at once; a kill loses these at most.
        resume: leave alone what the index holds already for the same picture, model and search.
        device: where to load the model.
        progress: told of every step of the whole.
        options: for the inverter.

    Returns:
        One result a picture.

    Raises:
        UnknownName: no such inverter.
        UsageError: an option that cannot be, or a folder that holds inversions and no `resume`.
    """
    paths = [Path(image) for image in images]
    if not paths or batch < 1:
        raise UsageError("There is nothing to invert: name pictures, and a batch of 1 or more.")
    generator, search = _loaded(model, device), _inverter(method, options)
    store = Store(Path(output), _key(generator, method, steps, seed, fit, options), resume)
    kept = {place: found for place, path in enumerate(paths) if (found := store.kept(path))}
    job = _Job(generator, search, store, {"steps": steps, "seed": seed}, fit, kept)
    waiting = [place for place in range(len(paths)) if place not in kept]
    for start in range(0, len(waiting), batch):
        part = waiting[start : start + batch]
        told = _telling(progress, start * steps, len(waiting) * steps, len(part))
        job.find({place: paths[place] for place in part}, told)
    results = [job.results[place] for place in range(len(paths))]
    failed = sum(bool(each.error) for each in results)
    return Inversions(results, method, generator.name, job.features, failed)


@dataclass
class _Job:
    """A batch of pictures under way: who searches, and what was found so far by its place."""

    generator: Generator
    search: Inverter
    store: Store
    words: dict[str, int]
    fit: str
    results: dict[int, Found]
    features: str = ""

    def find(self, paths: Mapping[int, Path], progress: ProgressCallback | None) -> None:
        """Search for some pictures at once and keep what is found."""
        images = dict(self._read(paths))
        if not images:
            return
        targets = torch.cat(list(images.values()))
        found = self.search(self.generator, targets, **self.words, progress=progress)
        self.features = found.features
        made = found.image.detach().cpu()
        with torch.no_grad():
            distances = perceptual_distance(made, targets).tolist()
        for row, place in enumerate(images):
            self.results[place] = self.store.keep(
                paths[place], found.latent[row], torch.stack([targets[row], made[row]]),
                loss=found.losses[-1], distance=distances[row], model=self.generator.name,
            )  # fmt: skip

    def _read(self, paths: Mapping[int, Path]) -> Iterator[tuple[int, Image]]:
        """The pictures that can be read; any other becomes a result that says why."""
        for place, path in paths.items():
            try:
                yield place, read_picture(path, self.generator.resolution, self.fit)
            except DataError as error:
                self.results[place] = Found(str(path), error=str(error))


class Store:
    """A folder of inversions with its index.

    Args:
        folder: where; made if it is not there.
        key: what made them; an entry counts only for the same key.
        resume: whether entries that are there may be used.

    Raises:
        UsageError: it holds inversions already, and resume was not asked for.
    """

    def __init__(self, folder: Path, key: str, resume: bool) -> None:
        self.folder, self.index, self.key = folder, folder / "index.jsonl", key
        if self.index.is_file() and not resume:
            raise UsageError(
                f"{folder} holds inversions already: name another folder, or resume to go on."
            )
        folder.mkdir(parents=True, exist_ok=True)
        self._entries = dict(self._read())
        self._names = {entry["latent"] for entry in self._entries.values()}

    def kept(self, path: Path) -> Found | None:
        """What the index holds for a picture, if its files are there."""
        entry = self._entries.get(_digest(path) + self.key)
        if entry is None or not (self.folder / entry["latent"]).is_file():
            return None
        return Found(
            str(path), str(self.folder / entry["latent"]), str(self.folder / entry["preview"]),
            entry["loss"], entry["distance"], reused=True,
        )  # fmt: skip

    def keep(
        self,
        path: Path,
        latent: Latent,
        pair: Image,
        *,
        loss: float,
        distance: float,
        model: str,
    ) -> Found:
        """Write a picture's place and preview, then its line of the index."""
        from PIL import Image as Pictures

        stem = self._free(path.stem)
        recipe = json.dumps({"genart": version("genart"), "image": path.name, "search": self.key})
        save_latent(self.folder / f"{stem}.npz", latent, model=model, recipe=recipe)
        left, right = to_frames(pair)
        with atomic(self.folder / f"{stem}.png") as partial:
            Pictures.fromarray(_beside(left, right)).save(partial)
        entry = {
            "id": _digest(path) + self.key, "image": str(path), "latent": f"{stem}.npz",
            "preview": f"{stem}.png", "loss": loss, "distance": distance,
        }  # fmt: skip
        self._append(json.dumps(entry))
        return Found(
            str(path), str(self.folder / f"{stem}.npz"), str(self.folder / f"{stem}.png"), loss,
            distance,
        )  # fmt: skip

    def _append(self, line: str) -> None:
        """Add a line to the index, after the end of one that a kill cut short."""
        with self.index.open("ab+") as file:
            if file.tell():
                file.seek(-1, 2)
                cut = file.read(1) != b"\n"
                file.write(b"\n" if cut else b"")
            file.write(line.encode() + b"\n")

    def _free(self, stem: str) -> str:
        names = (stem if n == 1 else f"{stem}-{n}" for n in range(1, len(self._names) + 2))
        name = next(name for name in names if f"{name}.npz" not in self._names)
        self._names.add(f"{name}.npz")
        return name

    def _read(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The index's entries; a last line that a kill cut short is left out."""
        if not self.index.is_file():
            return
        for line in self.index.read_text(encoding="utf-8").splitlines():
            try:
                entry = json.loads(line)
                yield str(entry["id"]), {**entry, "latent": Path(entry["latent"]).name}
            except (ValueError, KeyError, TypeError):
                continue


def _loaded(model: str | Path | Generator, device: str) -> Generator:
    return model if isinstance(model, Generator) else load(model, device)


def _inverter(method: str, options: Mapping[str, Any]) -> Inverter:
    try:
        found: Inverter = registry("inverter").create(method, **options)
    except TypeError as error:
        raise UsageError(f'The inverter "{method}": {error}') from error
    return found


def _check(generator: Generator, target: Image) -> None:
    height, width = generator.resolution
    if target.ndim != 4 or tuple(target.shape[1:]) != (3, height, width):
        raise UsageError(
            f'"{generator.name}" makes images (n, 3, {height}, {width}); a target of '
            f"{tuple(target.shape)} cannot be compared with them."
        )
    if not torch.isfinite(target).all():
        raise UsageError("The target holds values that are no finite numbers.")


def _telling(
    progress: ProgressCallback | None, done: int, total: int, at_once: int
) -> Callable[[Progress], None] | None:
    if progress is None:
        return None
    return lambda each: progress(Progress(done + each.done * at_once, total, "step", each.note))


def _key(
    generator: Generator, method: str, steps: int, seed: int, fit: str, options: Mapping[str, Any]
) -> str:
    """What a result depends on beside the picture, as text."""
    made = {
        "model": file_hash(generator.source) or generator.name, "method": method, "steps": steps,
        "seed": seed, "fit": fit, **options,
    }  # fmt: skip
    return ":" + hashlib.sha256(json.dumps(made, sort_keys=True, default=str).encode()).hexdigest()


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""  # reading it will say why


def _beside(left: Frame, right: Frame) -> Frame:
    return np.concatenate([left[..., :3], right[..., :3]], axis=1)
