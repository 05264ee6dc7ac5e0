"""RenderRequest: the typed arguments of `genart.render`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from genart.contracts import Control, Generator
from genart.errors import UnknownName
from genart.latent import parse_seeds
from genart.latents.keys import Key, format_keys, parse_keys
from genart.media.film_spec import parse_fps, parse_grid, parse_size
from genart.models.loading import model_name
from genart.playback.show_replay import ReplayedShow
from genart.playback.sketch import Sketch
from genart.styling.factory import joined


def _param(path: str) -> Any:
    """Declare a field whose value, unless it is None, is set as the Param of this path."""
    return field(default=None, metadata={"param": path})


@dataclass(frozen=True, kw_only=True)
class RenderRequest:
    """A film as it is asked for; None leaves the choice to the show, the sketch or genart.

    The fields are arguments of `genart.render`, which explains them. A Param takes its value from
    the first of these that has one: `params`, the field for it, the show, the sketch's
    `defaults`, the Param's own default.

    Args:
        sketch: a shipped sketch's name, a .py file, or a Sketch class.
        seconds: the length, or None.
        beats: the length in beats, or None.
        fps: frames per second, exactly.
        size: (h, w) in pixels.
        grid: (columns, rows).
        model: a name, file, URL or a Generator.
        seeds: keys of the walk.
        keys: keys of the walk, used before `seeds`.
        params: values by "owner.name", in the Param's type or as text.
        seed: of the sketch's random numbers, 0..2**32 - 1.
        device: "auto", "cpu", "cuda" or "mps".
        controls: sources of parameter changes, a show among them.
    """

    sketch: str | Path | type[Sketch] | None = None
    seconds: float | None = None
    beats: float | None = None
    fps: Fraction | None = None
    size: tuple[int, int] | None = None
    grid: tuple[int, int] | None = None
    model: str | Path | Generator | None = None
    seeds: tuple[int, ...] | None = None
    keys: tuple[Key, ...] | None = None
    truncation: float | None = _param("model.truncation")
    label: int | None = _param("model.label")
    precision: str | None = _param("model.precision")
    directions: str | None = _param("model.directions")
    style: str | None = _param("style.chain")
    noise: str | None = _param("model.noise")
    walk: str | None = _param("walk.kind")
    easing: str | None = _param("walk.easing")
    even: bool | None = _param("walk.even")
    loop: bool | None = _param("walk.loop")
    bpm: float | None = _param("tempo.bpm")
    params: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None
    device: str = "auto"
    controls: Sequence[Control] = ()

    def with_show(self, start: ReplayedShow) -> RenderRequest:
        """Return this request with everything that a show began with and that is not asked for."""
        header, named = start.show.header, self._named()
        values = {path: value for path, value in start.values.items() if path not in named}
        is_long = self.seconds is not None or self.beats is not None
        return replace(
            self,
            sketch=start.sketch,
            seconds=self.seconds if is_long else start.seconds,
            fps=parse_fps(header.fps) if self.fps is None else self.fps,
            size=parse_size(header.size) if self.size is None and header.size else self.size,
            model=header.model if self.model is None else self.model,
            seed=header.seed if self.seed is None else self.seed,
            params={**values, **self.params},
            controls=(start.show, *self.controls),
        )

    def values(self) -> dict[str, Any]:
        """Return the values that are asked for, by "owner.name"; keys as text."""
        return {**self._named(), **self.params}

    def _named(self) -> dict[str, Any]:
        """Return the values of the fields for Params, by "owner.name"."""
        given = {
            each.metadata["param"]: getattr(self, each.name)
            for each in fields(self)
            if "param" in each.metadata
        }
        found = {path: value for path, value in given.items() if value is not None}
        if self.model is not None:
            found["model.name"] = model_name(self.model)
        for path, keys in (("walk.keys", self.keys), ("walk.seeds", self.seeds)):
            if keys is not None:
                found[path] = format_keys(keys)
        return found


#: How words are read that people write as text.
_PARSERS: Mapping[str, Callable[[Any], Any]] = {
    "fps": parse_fps,
    "size": parse_size,
    "grid": parse_grid,
    "seeds": lambda seeds: tuple(parse_seeds(seeds)),
    "keys": lambda keys: tuple(parse_keys(keys)),
    "directions": str,
    "style": joined,
}


def request_of(words: Mapping[str, Any]) -> RenderRequest:
    """Return the request of arguments of `genart.render` that are given by name, as in a scene.

    Raises:
        UnknownName: a name that is no field of a request.
        UsageError: a value that cannot be read.
    """
    known = [each.name for each in fields(RenderRequest)]
    for word in words:
        if word not in known:
            raise UnknownName("word", word, known, "`help(genart.render)` explains them.")
    given = {word: value for word, value in words.items() if value is not None}
    return RenderRequest(
        **{word: _PARSERS.get(word, lambda it: it)(value) for word, value in given.items()}
    )
