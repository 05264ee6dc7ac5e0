"""genart.invert, and genart.invert_all for many images, with the results in a folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from genart.contracts import (
    Generator,
    Image,
    Inversion,
    Inverter,
)
from genart.errors import DataError, UsageError
from genart.files import check_writable, file_hash
from genart.hooks import Spec
from genart.inversion.search_film import SHOWN_LATENTS, Scene, keep_film
from genart.inversion.store import Found, Inversions, Store
from genart.inversion.video import Followed, follow
from genart.latent import Latent
from genart.latents.keys import load_latents_for
from genart.media.frames import image_on_black
from genart.media.image_kinds import is_film_file
from genart.media.images import AnyImage, read_image, to_image
from genart.models.loading import as_generator
from genart.perception.perceptual import perceptual_distance
from genart.plugins import registry
from genart.progress import Progress, ProgressCallback
from genart.rendering.write import check_output


def invert(
    model: str | Path | Generator,
    image: AnyImage,
    *,
    method: str = "projector",
    steps: int | None = None,
    seed: int = 0,
    fit: str = "crop",
    device: str = "auto",
    progress: ProgressCallback | None = None,
    **options: Any,
) -> Inversion:
    """Find the latent whose image looks most like another image.

    Args:
        model: a Generator, or what `load` takes.
        image: torch float (n, 3, h, w) in -1..1 at the model's size; or a file, a PIL image or a
            numpy array, as for `genart.to_image`, which is scaled to that size.
        method: the inverter: "projector", "encoder", "pivotal", "semantic" ...; `genart plugins`
            lists all.
        steps: of the search; the inverter's own number unless given.
        seed: of the random numbers of the search, 0..2**32 - 1.
        fit: how a file, PIL image or array is scaled: "crop", "pad" or "stretch".
        device: where to load the model.
        progress: called after every step.
        options: of the inverter, such as `space="w+"` for the projector; `start` may be an .npz
            file.

    Returns:
        An Inversion: latent, image, losses; from "pivotal" also the tuned generator.

    Raises:
        UnknownName: no such inverter.
        UsageError: an image of another size, a wrong option, or a start of another model.
        DataError: a file that is not an image, or a start that is not a latent.
    """
    generator = as_generator(model, device)
    options = _with_start(generator, options)
    target = image if isinstance(image, torch.Tensor) else to_image(
        image, generator.resolution, fit
    )  # fmt: skip
    _check(generator, target)
    search = _inverter(method, options)
    steps = _spec(method).steps if steps is None else steps
    return search(generator, target, steps=steps, seed=seed, progress=progress)


def invert_all(
    images: Iterable[str | Path],
    output: str | Path,
    *,
    model: str | Path | Generator = "pomona",
    method: str = "projector",
    steps: int | None = None,
    seed: int = 0,
    fit: str = "crop",
    batch: int | None = None,
    resume: bool = False,
    film: str | Path | None = None,
    smooth: float = 1.0,
    device: str = "auto",
    progress: ProgressCallback | None = None,
    **options: Any,
) -> Inversions:
    """Invert many images and films, and save the results in a folder.

    The folder gets an .npz file and a preview for each, and `index.jsonl`: one line for each image,
    written when its files are complete. An image that fails is listed with its error, and the
    others continue. Results do not depend on the batch, except for rounding and for methods that
    tune one generator for all images. A film is inverted frame by frame; its .npz holds one latent
    per frame.

    Args:
        images: image and film files.
        output: the folder; it is created if it does not exist.
        model: a Generator, or what `load` takes.
        method: the inverter, see `invert`.
        steps: of the search; the inverter's own number unless given.
        seed: of the random numbers of the search.
        fit: "crop", "pad" or "stretch".
        batch: how many images are searched at once; an interruption loses these at most. 4, or all
            for a method that tunes one generator for all, unless given.
        resume: skip images that the index already has for the same model and search.
        film: a film file that shows every search: the image beside what was found so far.
        smooth: standard deviation in frames of the Gaussian that smooths the latents of a film; 0
            leaves them as they are.
        device: where to load the model.
        progress: called after every step of the whole.
        options: of the inverter, see `invert`.

    Returns:
        One result per image.

    Raises:
        UnknownName: no such inverter, or no such film format.
        UsageError: a wrong option, a start of another model, or a folder that already contains
            inversions, without `resume`.
        DataError: a start that is not a latent.
    """
    paths = [Path(image) for image in images]
    if not paths or (batch is not None and batch < 1):
        raise UsageError("There is nothing to invert. Name images, and a batch of 1 or more.")
    _check_apart(paths, Path(output))
    check_writable(output, folder=True)
    if film is not None:
        check_output(film)
        options = {"keep": SHOWN_LATENTS, **options}
    generator = as_generator(model, device)
    options = _with_start(generator, options)
    search = _inverter(method, options)
    words = {"steps": _spec(method).steps if steps is None else steps, "seed": seed}
    settled = {**words, "method": method, "fit": fit, "smooth": smooth, **options}
    store = Store(Path(output), _key(generator, settled), resume)
    kept = {number: found for number, path in enumerate(paths) if (found := store.kept(path))}
    job = _Job(generator, search, store, words, fit, kept, method, options, smooth)
    waiting = [number for number in range(len(paths)) if number not in kept]
    job.work({number: paths[number] for number in waiting}, batch, progress)
    results = [job.results[number] for number in range(len(paths))]
    shown = [scene for number in sorted(job.scenes) for scene in job.scenes[number]]
    made = keep_film(film, shown, generator.resolution, progress) if film else ""
    failed = sum(bool(each.error) for each in results)
    return Inversions(results, method, generator.name, job.features, failed, made)


@dataclass
class _Job:
    """A batch of images in progress: the inverter, and the results so far by position."""

    generator: Generator
    search: Inverter
    store: Store
    words: dict[str, int]
    fit: str
    results: dict[int, Found]
    method: str
    options: Mapping[str, Any]
    smooth: float
    features: str = ""
    scenes: dict[int, list[Scene]] = field(default_factory=dict)

    def work(
        self, waiting: Mapping[int, Path], batch: int | None, progress: ProgressCallback | None
    ) -> None:
        """Invert images in batches, and films one by one."""
        films = {at: path for at, path in waiting.items() if is_film_file(path)}
        stills = [at for at in waiting if at not in films]
        joint = _spec(self.method).joint
        size = batch or (max(len(stills), 1) if joint else 4)
        rounds = max(self.words["steps"], 1)
        for start in range(0, len(stills), size):
            part = stills[start : start + size]
            scaled = None if joint else _scaled_progress(
                progress, start * rounds, len(stills) * rounds, len(part)
            )  # fmt: skip
            self.find({at: waiting[at] for at in part}, scaled or progress)
        for at, path in films.items():
            self.follow(at, path, progress)

    def find(self, paths: Mapping[int, Path], progress: ProgressCallback | None) -> None:
        """Invert some images at once and save the results."""
        images = dict(self._read(paths))
        if not images:
            return
        targets = torch.cat(list(images.values()))
        found = self.search(self.generator, targets, **self.words, progress=progress)
        self.features = found.features
        makes = found.generator or self.generator
        tuned = self.store.keep_tuned(self.generator, makes) if found.generator else ""
        made = found.image.detach().cpu()
        with torch.no_grad():
            distances = perceptual_distance(made, targets).tolist()
        for row, number in enumerate(images):
            self.results[number] = self.store.keep(
                paths[number], found.latent[row], torch.stack([targets[row], made[row]]),
                loss=found.losses[-1], distance=distances[row], tuned=tuned,
                model=self.generator.name,
            )  # fmt: skip
            way = [each[row] for each in found.path]
            target = [targets[row : row + 1]]
            self.scenes[number] = [Scene(self.generator, target, way)]
            if tuned and way:
                self.scenes[number].append(Scene(makes, target, [found.latent[row]]))

    def follow(self, at: int, path: Path, progress: ProgressCallback | None) -> None:
        """Find the latents of a film's frames and save them as one walk."""

        def seek(image: Image, start: Latent | None, steps: int) -> Inversion:
            options = {name: each for name, each in self.options.items() if name != "keep"}
            method = self.method
            if start is not None and steps:
                method, options = "projector", {**options, "start": start}
                options.pop("encoder", None)
            search = _inverter(method, options)
            return search(self.generator, image, steps=steps, seed=self.words["seed"])

        if self.method not in ("projector", "encoder"):
            raise UsageError(f"A film can be inverted by projector or encoder, not {self.method}.")
        try:
            found = follow(
                path, self.generator, seek, self.words["steps"], self.smooth, self.fit, progress
            )
        except DataError as error:
            self.results[at] = Found(str(path), error=str(error))
            return
        self.features = found.features
        self.results[at] = self._kept(path, found)
        self.scenes[at] = [Scene(self.generator, found.frames, found.latents, found.fps)]

    def _kept(self, path: Path, found: Followed) -> Found:
        middle = len(found.frames) // 2
        with torch.no_grad():
            image = image_on_black(self.generator(found.latents[middle])).cpu()
        return self.store.keep(
            path, found.latent, torch.cat([found.frames[middle], image]),
            loss=found.loss, distance=found.distance, model=self.generator.name,
        )  # fmt: skip

    def _read(self, paths: Mapping[int, Path]) -> Iterator[tuple[int, Image]]:
        """The readable images; any other becomes a result with its error."""
        for number, path in paths.items():
            try:
                yield number, read_image(path, self.generator.resolution, self.fit)
            except DataError as error:
                self.results[number] = Found(str(path), error=str(error))


def _spec(method: str) -> Spec[Inverter]:
    return registry("inverter")[method].spec


def _inverter(method: str, options: Mapping[str, Any]) -> Inverter:
    try:
        found: Inverter = registry("inverter").create(method, **options)
    except TypeError as error:
        raise UsageError(f'The inverter "{method}": {error}') from error
    return found


def _with_start(generator: Generator, options: dict[str, Any]) -> dict[str, Any]:
    """The options, with the latents of a start that is a file."""
    start = options.get("start")
    if isinstance(start, (str, Path)) and Path(start).suffix.lower() == ".npz":
        return {**options, "start": load_latents_for(generator, start)}
    return options


def _check(generator: Generator, target: Image) -> None:
    height, width = generator.resolution
    if target.ndim != 4 or tuple(target.shape[1:]) != (3, height, width):
        raise UsageError(
            f'"{generator.name}" makes images (n, 3, {height}, {width}); a target of '
            f"{tuple(target.shape)} cannot be compared with them."
        )
    if not torch.isfinite(target).all():
        raise UsageError("The target contains values that are not finite numbers.")


def _scaled_progress(
    progress: ProgressCallback | None, done: int, total: int, at_once: int
) -> Callable[[Progress], None] | None:
    if progress is None:
        return None
    return lambda each: progress(Progress(done + each.done * at_once, total, "step", each.note))


def _key(generator: Generator, settled: Mapping[str, Any]) -> str:
    """The settings that a result depends on, as text."""
    made = {"model": file_hash(generator.source) or generator.name, **settled}
    made.pop("keep", None)
    text = json.dumps(made, sort_keys=True, default=_text)
    return ":" + hashlib.sha256(text.encode()).hexdigest()


def _text(value: Any) -> str | Sequence[Any]:
    """A setting that JSON cannot store: a latent by its numbers, all else by its name."""
    return value.values.tolist() if isinstance(value, Latent) else str(value)


def _check_apart(paths: Sequence[Path], folder: Path) -> None:
    """UsageError if the preview of an image would replace an image."""
    inputs = {path.resolve() for path in paths}
    for path in paths:
        if (folder / f"{path.stem}.png").resolve() in inputs:
            raise UsageError(
                f'The preview of "{path}" would replace an image in {folder}. Use another folder.'
            )
