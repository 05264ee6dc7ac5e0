"""genart.directions: found, measured, kept and shown in one call."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from genart.contracts import Frame, Generator
from genart.editing.calibration import visible
from genart.editing.directions import Directions, check_output, load_directions
from genart.editing.discovery import contrast, pca, sefa
from genart.errors import UnknownName, UsageError
from genart.files import atomic, check_writable
from genart.latent import Latent, parse_seeds
from genart.latents.npz import load_latent
from genart.media.recipe import make_recipe, model_facts
from genart.models.loading import as_generator, model_name
from genart.progress import ProgressCallback

METHODS: dict[str, Callable[..., Directions]] = {"sefa": sefa, "pca": pca, "contrast": contrast}


def directions(
    model: str | Path | Generator = "pomona",
    output: str | Path | None = None,
    *,
    method: str = "sefa",
    sheet: str | Path | None = None,
    keep: str | Path | Directions | None = None,
    truncation: float = 0.7,
    seeds: str = "1",
    device: str = "auto",
    progress: ProgressCallback | None = None,
    **options: Any,
) -> Directions:
    """Find edit directions of a model; one unit of each changes the image by about as much.

    Args:
        model: a Generator, or what `load` takes.
        output: the .npz file to save them in.
        method: "sefa", "pca" or "contrast".
        sheet: an image file that shows each direction from -3 to 3 units.
        keep: directions, or a file of them, whose properties these do not change, see
            `Directions.keeping`.
        truncation: of the images on which units are measured, and of the sheet.
        seeds: of the sheet, such as "1,2,5-9".
        device: where to load the model.
        progress: called after every direction and row.
        options: of the method: `count` and `layers`; for pca `layer`, `samples`, `seed` and
            `label`; for contrast `positive` and `negative` (seeds as text, an .npz file or a
            Latent) and `name`.

    Returns:
        The directions.

    Raises:
        UnknownName: no such method.
        UsageError: an option that the method does not take, or a wrong value.

    Reference: Shen, Zhou, Closed-Form Factorization of Latent Semantics in GANs (2021),
    arXiv:2007.06600; Härkönen et al., GANSpace (2020), arXiv:2004.02546.
    """
    if method not in METHODS:
        raise UnknownName("method", method, METHODS, "`genart directions --help` explains them.")
    if output is not None:
        check_output(output)
    if sheet is not None:
        _check_sheet(Path(sheet))
    generator = as_generator(model, device, progress=progress)
    given = {name: value for name, value in options.items() if value is not None}
    words = _words(generator, method, {**given, "progress": progress})
    found = METHODS[method](generator, **words)
    if keep is not None:
        found = _keeping(found, keep if isinstance(keep, Directions) else load_directions(keep))
        given["keep"] = "given" if isinstance(keep, Directions) else str(keep)
    found = visible(generator, found, truncation=truncation, progress=progress)
    recipe = _recipe(generator, model, method, truncation, given)
    found = replace(found, recipe=json.dumps(recipe))
    if output is not None:
        found.save(output)
    if sheet is not None:
        _keep_sheet(generator, found, Path(sheet), parse_seeds(seeds), truncation, progress)
    return found


def _keeping(found: Directions, others: Directions) -> Directions:
    """Directions without what they share with others; UsageError where nothing is left of one."""
    kept = found.keeping(others)
    before, after = (each.steps.flatten(1).norm(dim=1) for each in (found, kept))
    if gone := [
        name for name, was, now in zip(found.names, before, after, strict=True) if now < 1e-4 * was
    ]:
        raise UsageError(
            f"Nothing is left of {', '.join(gone)}: they are equal to directions in --keep."
        )
    return kept


def _words(generator: Generator, method: str, given: dict[str, Any]) -> dict[str, Any]:
    """The options of a method, in its own types."""
    taken = inspect.signature(METHODS[method]).parameters
    if wrong := [name for name in given if name not in taken and name != "progress"]:
        known = ", ".join(name for name in taken if name not in ("model", "progress"))
        raise UsageError(f"{method} has no option {', '.join(wrong)}; it has {known}.")
    words = {name: value for name, value in given.items() if name in taken}
    for side in ("positive", "negative"):
        if side in taken and side not in words:
            raise UsageError(f"{method} needs examples on both sides; {side} is missing.")
        if side in words:
            words[side] = _examples(generator, words[side])
    return words


def _examples(generator: Generator, given: str | Path | Latent) -> Latent:
    if isinstance(given, Latent):
        return given
    if Path(given).suffix.lower() == ".npz":
        return load_latent(given, generator.device)
    return generator.sample(parse_seeds(str(given)))


def _recipe(
    generator: Generator, model: Any, method: str, truncation: float, given: dict[str, Any]
) -> dict[str, Any]:
    name = model_name(model)
    words = ["genart", "directions", name, "--method", method, "--truncation", str(truncation)]
    for option, value in given.items():
        words += [f"--{'class' if option == 'label' else option}", str(value)]
    return make_recipe(words, {"model": model_facts(name, generator.source)})


def _check_sheet(path: Path) -> None:
    from genart.media.sheets import SUFFIXES

    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f'A sheet is an image file: {", ".join(SUFFIXES)}, not "{path}".')
    check_writable(path)


def _keep_sheet(
    generator: Generator,
    found: Directions,
    path: Path,
    seeds: list[int],
    truncation: float,
    progress: ProgressCallback | None,
) -> None:
    from PIL import Image

    from genart.editing.contact_sheet import contact_sheet

    picture: Frame = contact_sheet(
        generator, found, seeds=seeds, truncation=truncation, progress=progress
    )
    with atomic(path) as partial:
        Image.fromarray(picture).save(partial)
