"""The recipe of a film: how it was rendered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from genart.media.recipe import file_facts, make_recipe, model_facts
from genart.rendering.job import RenderJob

#: Params that have an option of the command line.
_WORDS = {
    "model.name": "--model",
    "walk.seeds": "--seeds",
    "walk.keys": "--keys",
    "walk.kind": "--walk",
    "model.truncation": "--truncation",
    "model.label": "--class",
}


@dataclass(frozen=True)
class FilmFile:
    """How the file of a film is asked for.

    Args:
        output: the file, or "".
        codec: the codec, or None for the format's own.
        audio: the sound file, or None.
        titles: the texts of the title cards.
        font: the font file of the titles, or None.
        show: the recorded show's file, or None.
        mapping: the mapping file and what it holds, or None.
    """

    output: str = ""
    codec: str | None = None
    audio: str | None = None
    titles: tuple[str, ...] = ()
    font: str | None = None
    show: str | None = None
    mapping: tuple[str, str] | None = None


def film_recipe(job: RenderJob, file: FilmFile) -> dict[str, Any]:
    """Return everything that is needed to render a film again, as JSON can hold it."""
    film, values = job.film, {path: job.tree.value(path) for path in job.chosen}
    height, width = film.size or (0, 0)
    facts = {
        "sketch": job.sketch,
        "model": model_facts(job.tree.value("model.name"), job.model_file),
        "seeds": job.tree.value("walk.seeds"),
        "files": named_files(values),
        "seed": job.seed,
        "params": values,
        "frames": film.frames,
        "fps": str(film.fps),
        "size": [width, height],
        "grid": list(film.grid),
        "codec": file.codec,
        "audio": file.audio,
        "titles": list(file.titles),
        **({"font": file.font} if file.font else {}),
        "show": file.show,
        "mapping": None if file.mapping is None else file.mapping[1],
    }
    return make_recipe(command_words(job, file, values), facts)


#: Params that may name files on which the pixels depend.
_FILES = ("walk.keys", "walk.mix_keys", "model.other", "model.directions", "model.bend")


def named_files(values: Mapping[str, Any]) -> dict[str, str]:
    """Return the SHA-256 of every file that Param values name, by its path as it was given."""
    texts = [str(values.get(path, "")) for path in _FILES]
    parts = [part.strip() for text in texts for part in re.split(r",| \+ ", text)]
    found = [Path(part) for part in parts if part]
    return file_facts(
        file for path in found for file in (sorted(path.glob("*.npz")) if path.is_dir() else [path])
    )


def command_words(job: RenderJob, file: FilmFile, values: Mapping[str, Any]) -> list[str]:
    """Return the words of the `genart render` line that renders a film again."""
    film = job.film
    height, width = film.size or (0, 0)
    words = ["genart", "render", job.sketch, "-o", file.output or "film.mp4"]
    words += ["--seconds", f"{film.seconds:.12g}", "--fps", _rate(film.fps)]
    words += ["--size", f"{width}x{height}"]
    if film.cells > 1:
        words += ["--grid", f"{film.grid[0]}x{film.grid[1]}"]
    for word, value in (
        ("--show", file.show),
        ("--codec", file.codec),
        ("--audio", file.audio),
        ("--font", file.font),
        ("--map", file.mapping and file.mapping[0]),
    ):
        words += [word, value] if value else []
    words += ["--seed", str(job.seed)] if job.seed else []
    for title in file.titles:
        words += ["--title", title]
    for path, value in values.items():
        words += _setting(path, value)
    return words


def _setting(path: str, value: Any) -> list[str]:
    if path == "walk.loop":
        return ["--loop" if value else "--no-loop"]
    if path == "model.label" and value == -1:
        return []
    return [_WORDS[path], str(value)] if path in _WORDS else ["-p", f"{path}={value}"]


def _rate(fps: Fraction) -> str:
    text = f"{float(fps):.12g}"
    return text if Fraction(text) == fps else str(fps)
