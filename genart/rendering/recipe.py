"""What a film says about how it was made."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from genart.media.film_spec import Film
from genart.media.recipe import file_facts, make_recipe, model_facts
from genart.playback.settings import Settings

#: Params that the command line has a word of its own for.
_WORDS = {
    "model.name": "--model",
    "walk.seeds": "--seeds",
    "walk.keys": "--keys",
    "walk.kind": "--walk",
    "model.truncation": "--truncation",
    "model.label": "--class",
}
#: Params that a recipe tells beside all that were set.
_NAMED = ("model.name", "walk.seeds")


@dataclass(frozen=True)
class Order:
    """What was asked for, beside the film's plain facts.

    Args:
        sketch: its name or file.
        settings: every value that was set, by "owner.name", the sketch's own defaults among them.
        seed: what the sketch's chance comes from.
        source: the model's file, or None.
        output: the file, or "".
        codec: the codec asked for, or None.
        audio: the sound file, or None.
        titles: the title cards' texts.
        show: the recorded show's file, or None.
        mapping: the mapping file and what it holds, or None.
    """

    sketch: str
    settings: Mapping[str, Any]
    seed: int = 0
    source: Path | None = None
    output: str = ""
    codec: str | None = None
    audio: str | None = None
    titles: tuple[str, ...] = ()
    show: str | None = None
    mapping: tuple[str, str] | None = None


def film_recipe(order: Order, film: Film) -> dict[str, Any]:
    """Everything needed to make a film again, as JSON can hold it.

    Args:
        order: what was asked for.
        film: frames, rate, size, grid.
    """
    height, width = film.size or (0, 0)
    named = {path: order.settings[path] for path in _NAMED if path in order.settings}
    stage = Settings(named)
    facts = {
        "sketch": order.sketch,
        "model": model_facts(stage.model.name, order.source),
        "seeds": stage.walk.seeds,
        "files": named_files(order.settings),
        "seed": order.seed,
        "params": dict(order.settings),
        "frames": film.frames,
        "fps": str(film.fps),
        "size": [width, height],
        "grid": list(film.grid),
        "codec": order.codec,
        "audio": order.audio,
        "titles": list(order.titles),
        "show": order.show,
        "mapping": None if order.mapping is None else order.mapping[1],
    }
    return make_recipe(command_words(order, film), facts)


#: Params that may name files, to which a film's look is owed.
_FILES = ("walk.keys", "walk.mix_keys", "model.other", "model.directions", "model.bend")


def named_files(values: Mapping[str, Any]) -> dict[str, str]:
    """Return the SHA-256 of every file that Param values name, by its path as it was given."""
    texts = [str(values.get(path, "")) for path in _FILES]
    parts = [part.strip() for text in texts for part in re.split(r",| \+ ", text)]
    found = [Path(part) for part in parts if part]
    return file_facts(
        file for path in found for file in (sorted(path.glob("*.npz")) if path.is_dir() else [path])
    )


def command_words(order: Order, film: Film) -> list[str]:
    """Return the words of the `genart render` line that makes the film again."""
    height, width = film.size or (0, 0)
    words = ["genart", "render", order.sketch, "-o", order.output or "film.mp4"]
    words += ["--seconds", f"{film.seconds:.12g}", "--fps", _rate(film.fps)]
    words += ["--size", f"{width}x{height}"]
    if film.cells > 1:
        words += ["--grid", f"{film.grid[0]}x{film.grid[1]}"]
    for word, value in (
        ("--show", order.show),
        ("--codec", order.codec),
        ("--audio", order.audio),
        ("--map", order.mapping and order.mapping[0]),
    ):
        words += [word, value] if value else []
    words += ["--seed", str(order.seed)] if order.seed else []
    for title in order.titles:
        words += ["--title", title]
    for path, value in order.settings.items():
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
