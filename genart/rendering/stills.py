"""genart.generate: still images, one for each latent or in a grid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from genart.contracts import Frame, Generator, Noise
from genart.errors import RenderError, UsageError
from genart.files import check_writable
from genart.latent import Latent, format_seeds, parse_seeds
from genart.latents.keys import (
    Key,
    Keys,
    check_fits,
    format_keys,
    load_latents_for,
    make_keys,
    parse_keys,
)
from genart.latents.npz import save_latent
from genart.media.film_spec import Size, parse_grid, parse_size
from genart.media.metadata import recipe_text
from genart.media.sheets import SUFFIXES, save_picture
from genart.models.loading import as_generator, in_aspect
from genart.progress import ProgressCallback
from genart.rendering.still_files import Stills, _frames, _one_file, _recipe


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
    """Generate still images into a folder, or one image or a grid into a file.

    Args:
        output: a folder for one PNG for each latent; a file (.png, .jpg, .webp) for one image, or
            a grid of several; an .npz file for the latents.
        model: a Generator, or what `load` takes.
        seeds: "1,2,5-9" or numbers; the default is 1-9, or as many as the grid has cells.
        keys: seeds, latent files and latents: "apple.npz,7,pear.npz" or a list.
        latent: a Latent or an .npz file. Give one of seeds, keys and latent.
        truncation: 1 changes nothing, 0 gives the average image.
        cutoff: truncate only the first layers.
        label: the class, for models with classes.
        noise: "const", "random", "none" or a phase 0..1.
        precision: what the network computes in: "auto", "float32" or "half".
        grid: "4x3" or (columns, rows); the default is about square.
        size: 512, (640, 360) or "640x360" pixels for each image, width first; the default is the
            size of the model.
        device: where to load the model.
        progress: called after every image.

    Raises:
        UsageError: more latents than the grid has cells, or an output of an unknown kind.
        RenderError: an image could not be written; the message names the files that are left.
    """
    output = Path(output)
    cells = None if grid is None else parse_grid(grid)
    _check_output(output, cells)
    check_writable(output, folder=not output.suffix)
    pixels = None if size is None else parse_size(size)
    generator = in_aspect(as_generator(model, device, progress=progress), pixels)
    if precision is not None:
        generator = generator.with_precision(precision)
    given = {"seeds": seeds, "keys": keys, "latent": latent}
    latents, keys, named = _latents(generator, given, label, cells)
    recipe = _recipe(
        "generate", generator, model, output, keys, **named,
        truncation=truncation, cutoff=cutoff, label=label, noise=noise, precision=precision,
        grid=cells, size=pixels and pixels[::-1],
    )  # fmt: skip
    if output.suffix.lower() == ".npz":
        saved = save_latent(output, latents, model=generator.name, recipe=recipe_text(recipe))
        return Stills([saved], len(latents), None, recipe)
    settings = {"truncation": truncation, "cutoff": cutoff, "noise": noise}
    frames = _frames(generator, latents, pixels, progress, settings)
    if output.suffix and not output.is_dir():
        return _one_file(output, list(frames), cells, recipe)
    return _folder(output, frames, _names([] if latent is not None else keys, len(latents)), recipe)


def _check_output(output: Path, grid: tuple[int, int] | None) -> None:
    if output.suffix and output.suffix.lower() not in (*SUFFIXES, ".npz") and not output.is_dir():
        allowed = ", ".join((*SUFFIXES, ".npz"))
        raise UsageError(f'"{output}" is neither a folder nor an image file: {allowed}.')
    if grid and output.suffix.lower() not in SUFFIXES:
        raise UsageError("A grid is one image; name a file, such as grid.png.")


def _latents(
    generator: Generator,
    given: dict[str, Any],
    label: int | None,
    grid: tuple[int, int] | None,
) -> tuple[Latent, Sequence[Key], dict[str, str]]:
    """Return the latents to draw, their keys, and the argument that gave them, for the recipe."""
    named = [name for name, value in given.items() if value is not None]
    if len(named) > 1:
        raise UsageError(f"Give one of {', '.join(given)}, not {' and '.join(named)}.")
    if given["latent"] is not None:
        latent = given["latent"]
        if not isinstance(latent, Latent):
            found = load_latents_for(generator, latent)
            return found, [Path(latent)], {"latent": str(latent)}
        check_fits(generator, latent)
        return latent.to(generator.device), [latent], {"latent": "given"}
    if given["keys"] is not None:
        keys = parse_keys(given["keys"])
        return make_keys(generator, keys, label), keys, {"keys": format_keys(keys)}
    cells = grid[0] * grid[1] if grid else 9
    seeds = parse_seeds(range(1, cells + 1) if given["seeds"] is None else given["seeds"])
    return generator.sample(seeds, label), seeds, {"seeds": format_seeds(seeds)}


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
        kept = f"Kept {len(files)} of {len(names)} images in {output}."
        if isinstance(error, OSError):
            raise RenderError(f"{str(error).rstrip('.')}. {kept}") from error
        error.add_note(kept)
        raise
    return Stills(files, len(files), size, recipe)


def _names(keys: Sequence[Key], count: int) -> list[str]:
    """Return file names without suffix: by seed and file if each is one latent, or by number."""
    names = [f"seed{key:04d}" if isinstance(key, int) else key.stem for key in keys
             if not isinstance(key, Latent)]  # fmt: skip
    if keys and all(isinstance(key, int) for key in keys):
        return _numbered(names)
    if len(names) == len(set(names)) == len(keys) == count:
        return names
    return [f"latent{n:04d}" for n in range(count)]


def _numbered(names: Sequence[str]) -> list[str]:
    """Return the names; of equal ones, the second ends with -2, the third with -3."""
    seen: Counter[str] = Counter()
    found = []
    for name in names:
        seen[name] += 1
        found.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return found
