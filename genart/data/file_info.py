"""genart.info: describes a model, film, image or latent file. Nothing is executed."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from genart.errors import CheckpointError, DataError, RefusedCheckpoint, UsageError
from genart.media.file_names import is_junk
from genart.media.image_kinds import kind_of_file


def info(path: str | Path) -> dict[str, Any]:
    """Describe a file: what it is and what is stored in it.

    Args:
        path: a file, or a folder of PNG frames.

    Returns:
        "file", "bytes" and "what", and more that depends on it. "what" is "model", "film",
        "image", "frames", "latent", "arrays" for another .npz, or "checkpoint" for a model file
        that no reader knows. A model has the summary of its reader; a film or image has "size" (w,
        h) in pixels and "recipe".

    Raises:
        UsageError: no such file.
        RefusedCheckpoint: a model file that asks for something forbidden.
        CheckpointError, DataError: a file that is damaged or of no known kind.
    """
    path = Path(path)
    if not path.exists():
        raise UsageError(f'There is no file "{path}".')
    if path.is_dir():
        return {"file": path, "what": "frames", **_frames(path)}
    what, describe = _kind(path)
    return {"file": path, "bytes": path.stat().st_size, "what": what} | describe(path)


def _kind(path: Path) -> tuple[str, Callable[[Path], dict[str, Any]]]:
    kind = kind_of_file(path)
    if kind.group == "film":
        return "film", _film
    if kind.group == "image":
        return "image", _picture
    if _is_npz(path):
        return "latent", _latent
    return "model", _model


def _is_npz(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, OSError):
        return False
    return bool(names) and all(name.endswith(".npy") for name in names)


def _model(path: Path) -> dict[str, Any]:
    from genart.checkpoints.outline import outline
    from genart.checkpoints.read import read_checkpoint
    from genart.models.loading import recognise

    checkpoint = read_checkpoint(path)
    try:
        name, _, summary = recognise(checkpoint)
    except RefusedCheckpoint:
        raise
    except CheckpointError as error:
        return {"what": "checkpoint", "reason": str(error), **outline(checkpoint)}
    return {"format": checkpoint.format, "reader": name, **summary}


def _film(path: Path) -> dict[str, Any]:
    from genart.media.film_probe import probe_film
    from genart.media.metadata import read_recipe

    film = probe_film(path)
    height, width = film.size
    return {
        "codec": film.codec,
        "size": [width, height],
        "fps": float(film.fps),
        "variable_fps": film.variable,
        "seconds": film.seconds,
        "frames": film.frames,
        "alpha": film.alpha,
        "hdr": film.hdr or None,
        "audio": film.sound is not None,
        "channels": film.sound and film.sound.layout,
        "recipe": read_recipe(path),
    }


def _picture(path: Path) -> dict[str, Any]:
    from genart.media.image_reader import opened_image
    from genart.media.metadata import _parsed, read_recipe

    with opened_image(path) as picture:  # the header; nothing is decoded
        facts: dict[str, Any] = {"format": picture.format, "size": list(picture.size)}
        facts |= {"mode": picture.mode, "frames": getattr(picture, "n_frames", 1)}
        comment = picture.info.get("comment", b"")
    recipe = read_recipe(path)
    if recipe is None and isinstance(comment, bytes):
        recipe = _parsed(comment.decode("ascii", "replace"))
    return facts | {"recipe": recipe}


def _latent(path: Path) -> dict[str, Any]:
    from genart.latents.npz import (
        load_latent,
        read_arrays,
        shapes,
        texts,
    )
    from genart.media.metadata import _parsed

    held = shapes(path)
    if not held.keys() & {"values", "w"}:
        return {"what": "arrays", "arrays": held}
    latent, kept = load_latent(path), texts(read_arrays(path), ("model", "recipe"))
    return {
        "space": latent.space,
        "shape": list(latent.values.shape),
        "labels": None if latent.label is None else list(latent.label.shape),
        "model": kept.get("model"),
        "recipe": _parsed(kept.get("recipe", "")),
    }


def _frames(path: Path) -> dict[str, Any]:
    pictures = sorted(each for each in path.glob("*.png") if not is_junk(each.name))
    if not pictures:
        raise DataError(f"{path} is a folder without PNG frames.")
    return {"frames": len(pictures)} | {
        name: value for name, value in _picture(pictures[0]).items() if name != "frames"
    }
