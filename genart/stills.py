"""Still pictures: one a seed, grids of them, and style-mixing grids."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from genart.contracts import Frame, Generator, Latent, Noise, Progress, ProgressCallback
from genart.errors import RenderError, UsageError
from genart.files import atomic
from genart.frames import on_black, to_frames
from genart.keys import Keys, check_fits, format_keys, load_places, make_keys, parse_keys
from genart.latentfile import save_latent
from genart.mixing import mix, parse_layers
from genart.models import load
from genart.recipe import recipe_text, write_recipe
from genart.rendering.film import Size, parse_grid, parse_size
from genart.rendering.keep import check_place
from genart.rendering.recipes import file_hash, versions
from genart.seeds import format_seeds, parse_seeds

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
_BATCH = 4  # pictures made at a time
_MOST_PIXELS = 1 << 28  # of one grid: a gigabyte of colour


@dataclass(frozen=True)
class Stills:
    """What was made.

    Attributes:
        files: the pictures (or the .npz), in order.
        count: how many places they show.
        size: (w, h) of each file in pixels, None for an .npz.
        recipe: what makes them again.
    """

    files: list[Path]
    count: int
    size: tuple[int, int] | None
    recipe: dict[str, Any]


def generate(
    output: str | Path,
    *,
    model: str | Generator = "pomona",
    seeds: str | Iterable[int] | None = None,
    keys: Keys | None = None,
    latent: str | Path | Latent | None = None,
    truncation: float = 0.7,
    cutoff: int | None = None,
    label: int | None = None,
    noise: Noise = "const",
    precision: str | None = None,
    grid: str | Sequence[int] | None = None,
    size: Size | None = None,
    device: str = "auto",
    progress: ProgressCallback | None = None,
) -> Stills:
    """Make stills into a folder, one picture or a grid of them into a file.

    Args:
        output: a folder for one PNG a place; a file (.png, .jpg, .webp) for one picture, a
            grid where there are several; an .npz file for the latent itself.
        model: a Generator, or what `load` takes.
        seeds: "1,2,5-9" or numbers; 1-9, or as many as the grid has cells.
        keys: latent files and seeds in their place: "apple.npz,7,pear.npz" or a list.
        latent: places to show in place of both: a Latent or an .npz file.
        truncation: 1 is the whole space, 0 the average picture.
        cutoff: truncate only the first layers.
        label: the class, for models with classes.
        noise: "const", "random", "none" or a phase 0..1.
        precision: what the network computes in: "auto", "float32" or "half".
        grid: "4x3" or (columns, rows); about square unless given.
        size: 512, (640, 360) or "640x360" pixels for each picture, width first; the model's own
            unless given.
        device: where to load the model.
        progress: told of every picture.

    Raises:
        UsageError: more places than the grid has cells, or an output of no known kind.
        RenderError: a picture could not be written; the message says what was kept.
    """
    output = Path(output)
    cells = None if grid is None else parse_grid(grid)
    _check_output(output, cells)
    pixels = None if size is None else parse_size(size)
    generator = _sized(_loaded(model, device, progress), pixels)
    if precision is not None:
        generator = generator.with_precision(precision)
    given = {"seeds": seeds, "keys": keys, "latent": latent}
    places, named = _places(generator, given, label, cells)
    recipe = _recipe(
        "generate", generator, model, output, **named,
        truncation=truncation, cutoff=cutoff, label=label, noise=noise, precision=precision,
        grid=cells, size=pixels and pixels[::-1],
    )  # fmt: skip
    if output.suffix == ".npz":
        saved = save_latent(output, places, model=generator.name, recipe=recipe_text(recipe))
        return Stills([saved], len(places), None, recipe)
    settings = {"truncation": truncation, "cutoff": cutoff, "noise": noise}
    frames = _frames(generator, places, pixels, progress, settings)
    if output.suffix and not output.is_dir():
        return _one_file(output, list(frames), cells, recipe)
    return _folder(output, frames, _names(named, len(places)), recipe)


def mixing_grid(
    output: str | Path,
    *,
    model: str | Generator = "pomona",
    rows: Keys = "1-4",
    cols: Keys = "5-9",
    styles: str | None = None,
    truncation: float = 0.7,
    cutoff: int | None = None,
    label: int | None = None,
    size: Size | None = None,
    seconds: float = 8.0,
    fps: float | str = 30,
    device: str = "auto",
    progress: ProgressCallback | None = None,
) -> Stills:
    """Make a style-mixing grid: sources above and at the left, their mixtures inside.

    The picture of row i and column j is row i's with the layers `styles` of column j, as in
    figure 3 of Karras et al., "A Style-Based Generator Architecture", 2019.

    Args:
        output: a picture file; or a film, in which the layers from the top sweep from none to
            all of them and back.
        model: a Generator, or what `load` takes.
        rows: seeds and latent files down the left side.
        cols: those along the top.
        styles: layers that come from the top: "0-3,8", "coarse", "middle" or "fine"; coarse
            unless given, and all of them in a film.
        truncation: 1 is the whole space, 0 the average picture.
        cutoff: truncate only the first layers.
        label: the class, for models with classes.
        size: 512, (640, 360) or "640x360" pixels for each cell, width first; the model's own
            unless given.
        seconds: how long a film is.
        fps: its frames a second.
        device: where to load the model.
        progress: told of every picture.

    Raises:
        UsageError: layers that the model does not have, or an output of no known kind.
        RenderError: the picture or film could not be written.
    """
    output = Path(output)
    is_film = output.suffix not in SUFFIXES
    if not output.suffix:
        allowed = ", ".join(SUFFIXES)
        raise UsageError(f'A mixing grid is a picture ({allowed}) or a film, not "{output}".')
    if is_film:
        check_place(output)
    styles = styles or ("all" if is_film else "coarse")
    pixels = None if size is None else parse_size(size)
    generator = _sized(_loaded(model, device, progress), pixels)
    down, across = format_keys(rows), format_keys(cols)
    left, top = (
        generator.map(make_keys(generator, each, label), truncation, cutoff)
        for each in (down, across)
    )
    recipe = _recipe(
        "mix", generator, model, output, rows=down, cols=across,
        styles=styles, truncation=truncation, cutoff=cutoff, label=label,
        size=pixels and pixels[::-1], seconds=seconds if is_film else None,
        fps=str(fps) if is_film else None,
    )  # fmt: skip
    if is_film:
        from genart.mixfilm import sweep_film

        layers = parse_layers(styles, generator.num_ws)
        return sweep_film(output, generator, left, top, layers, size=pixels, seconds=seconds,
                          fps=fps, recipe=recipe, progress=progress)  # fmt: skip
    cells = torch.cat([top.values, *_interleaved(generator, left, top, styles)])
    frames = list(_frames(generator, Latent("w+", cells), pixels, progress, {}))
    frames.insert(0, np.zeros_like(frames[0]))
    return _one_file(output, frames, (len(top) + 1, len(left) + 1), recipe)


def _interleaved(
    generator: Generator, left: Latent, top: Latent, styles: str
) -> Iterator[torch.Tensor]:
    mixed = mix(generator, left, top, styles).values
    for row, source in enumerate(left.values):
        yield source[None]
        yield mixed[row * len(top) : (row + 1) * len(top)]


def _check_output(output: Path, grid: tuple[int, int] | None) -> None:
    if output.suffix and output.suffix not in (*SUFFIXES, ".npz") and not output.is_dir():
        allowed = ", ".join((*SUFFIXES, ".npz"))
        raise UsageError(f'"{output}" is neither a folder nor a picture: {allowed}.')
    if grid and output.suffix not in SUFFIXES:
        raise UsageError("A grid is one picture; name a file, such as grid.png.")


def _loaded(model: str | Generator, device: str, progress: ProgressCallback | None) -> Generator:
    return model if isinstance(model, Generator) else load(model, device, progress=progress)


def _sized(generator: Generator, size: tuple[int, int] | None) -> Generator:
    height, width = generator.resolution
    if size is None or size[0] * width == size[1] * height:
        return generator
    return generator.widened(size)


def _places(
    generator: Generator,
    given: dict[str, Any],
    label: int | None,
    grid: tuple[int, int] | None,
) -> tuple[Latent, dict[str, str]]:
    """The places to show, and what names them, for the recipe."""
    named = [name for name, value in given.items() if value is not None]
    if len(named) > 1:
        raise UsageError(f"Give one of {', '.join(given)}, not {' and '.join(named)}.")
    if given["latent"] is not None:
        latent = given["latent"]
        if not isinstance(latent, Latent):
            return load_places(generator, latent), {"latent": str(latent)}
        check_fits(generator, latent)
        return latent.to(generator.device), {"latent": "given"}
    if given["keys"] is not None:
        text = format_keys(given["keys"])
        return make_keys(generator, text, label), {"keys": text}
    cells = grid[0] * grid[1] if grid else 9
    numbers = parse_seeds(range(1, cells + 1) if given["seeds"] is None else given["seeds"])
    return generator.sample(numbers, label), {"seeds": format_seeds(numbers)}


def _frames(
    generator: Generator,
    places: Latent,
    size: tuple[int, int] | None,
    progress: ProgressCallback | None,
    settings: dict[str, Any],
) -> Iterator[Frame]:
    for start in range(0, len(places), _BATCH):
        with torch.no_grad():
            images = generator(places[start : start + _BATCH], **settings)
        for n, frame in enumerate(to_frames(images, size), start + 1):
            yield frame
            if progress:
                progress(Progress(n, len(places), "picture"))


def _folder(
    output: Path, frames: Iterable[Frame], names: Sequence[str], recipe: dict[str, Any]
) -> Stills:
    output.mkdir(parents=True, exist_ok=True)
    files: list[Path] = []
    try:
        for name, frame in zip(names, frames, strict=True):
            size = (frame.shape[1], frame.shape[0])
            files.append(save_picture(output / f"{name}.png", frame, recipe))
    except BaseException as error:
        kept = f"Kept {len(files)} of {len(names)} pictures in {output}."
        if isinstance(error, OSError):
            raise RenderError(f"{error}. {kept}") from error
        error.add_note(kept)
        raise
    return Stills(files, len(files), size, recipe)


def _one_file(
    output: Path, frames: Sequence[Frame], grid: tuple[int, int] | None, recipe: dict[str, Any]
) -> Stills:
    picture = tiled(frames, grid)
    size = (picture.shape[1], picture.shape[0])
    kept = f"{output} is as it was" if output.is_file() else f"there is no {output}"
    try:
        return Stills([save_picture(output, picture, recipe)], len(frames), size, recipe)
    except OSError as error:
        raise RenderError(f"{error}: the part was removed, {kept}.") from error


def tiled(frames: Sequence[Frame], grid: tuple[int, int] | None = None) -> Frame:
    """Frames side by side, in rows from the top left; empty cells are black.

    Args:
        frames: one or more, of one size.
        grid: (columns, rows); about square unless given.

    Raises:
        UsageError: more frames than cells, or a picture too large to hold.
    """
    columns, rows = grid or _squarish(len(frames))
    if len(frames) > columns * rows:
        raise UsageError(f"{len(frames)} pictures do not fit a {columns}x{rows} grid.")
    height, width, channels = frames[0].shape
    if columns * width * rows * height > _MOST_PIXELS:
        raise UsageError(f"A {columns}x{rows} grid of {width}x{height} pixels is too large.")
    picture = np.zeros((rows * height, columns * width, channels), np.uint8)
    for n, frame in enumerate(frames):
        y, x = n // columns * height, n % columns * width
        picture[y : y + height, x : x + width] = frame
    return picture


def _squarish(n: int) -> tuple[int, int]:
    columns = int(np.ceil(np.sqrt(n)))
    return columns, -(-n // columns)


def save_picture(path: Path, frame: Frame, recipe: dict[str, Any]) -> Path:
    """One picture that carries its recipe, whole or not at all."""
    from PIL import Image

    options: dict[str, Any] = {".webp": {"lossless": True}}.get(path.suffix, {})
    if path.suffix in (".jpg", ".jpeg"):
        frame = on_black(frame)
        options = {"quality": 95, "subsampling": 0, "comment": recipe_text(recipe).encode()}
    with atomic(path) as partial:
        Image.fromarray(frame).save(partial, **options)
        if path.suffix in (".png", ".webp"):
            write_recipe(partial, recipe)
    return path


def _names(named: dict[str, str], count: int) -> list[str]:
    """File names without suffix: by seed and file where each is one place, or else by number."""
    text = named.get("seeds") or named.get("keys")
    keys = parse_keys(text) if text else []
    names = [f"seed{key:04d}" if isinstance(key, int) else key.stem for key in keys]
    if "seeds" in named or len(names) == len(set(names)) == count:
        return names
    return [f"latent{n:04d}" for n in range(count)]


def _hashes(given: dict[str, Any]) -> dict[str, str]:
    """The SHA-256 of every file among keys."""
    named = [given[name] for name in ("rows", "cols", "keys") if name in given]
    files = [key for text in named for key in parse_keys(text) if isinstance(key, Path)]
    files += [Path(given["latent"])] if "latent" in given else []
    return {str(file): told for file in files if (told := file_hash(file))}


def _recipe(
    command: str, generator: Generator, model: str | Generator, output: Path, **settings: Any
) -> dict[str, Any]:
    """What makes the files again: the command to type, and its settings one by one."""
    given: dict[str, Any] = {"model": generator.name if isinstance(model, Generator) else model}
    given |= {name: value for name, value in settings.items() if value not in (None, "")}
    words = ["genart", command]
    for name, value in given.items():
        words += [f"--{'class' if name == 'label' else name}", _typed(value)]
    return {
        "genart": version("genart"),
        "command": shlex.join([*words, "-o", output.name]),
        **given,
        "model": {"name": given["model"], "sha256": file_hash(generator.source)},
        "files": _hashes(given),
        "versions": versions(),
    }


def _typed(value: Any) -> str:
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value)
