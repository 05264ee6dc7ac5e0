"""genart.render: a sketch becomes a film."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from genart.contracts import Control, Generator, ProgressCallback, Sink
from genart.models import load
from genart.rendering.cast import cast, timed, typed
from genart.rendering.film import Report, Size, plan
from genart.rendering.keep import check_place, keep
from genart.rendering.recipes import Order, make_recipe
from genart.runner import OfflineClock, frames
from genart.seeds import format_seeds, parse_seeds
from genart.sketch import Sketch, load_sketch


def render(
    sketch: str | Path | type[Sketch] = "drift",
    output: str | Path | Sink = "genart.mp4",
    *,
    seconds: float | None = None,
    fps: float | str | Fraction = 30,
    size: Size | None = None,
    model: str | Path | Generator | None = None,
    seeds: str | int | Iterable[int] | None = None,
    walk: str | None = None,
    easing: str | None = None,
    even: bool | None = None,
    loop: bool | None = None,
    truncation: float | None = None,
    label: int | None = None,
    noise: str | None = None,
    beats: float | None = None,
    bpm: float | None = None,
    grid: str | Sequence[int] | None = None,
    audio: str | Path | None = None,
    codec: str | None = None,
    params: Mapping[str, Any] | None = None,
    seed: int = 0,
    device: str = "auto",
    controls: Sequence[Control] = (),
    progress: ProgressCallback | None = None,
) -> Report:
    """Render a sketch to a film or loop.

    What is not given is the sketch's own default, or else the stage's.

    Args:
        sketch: a shipped sketch's name, a .py file, or a Sketch class.
        output: the file, whose suffix decides the format; a folder for PNG; or a sink.
        seconds: its length; 8 if neither this nor `beats` is given.
        fps: frames a second.
        size: 512, (640, 360) or "640x360", width first. If not given, the model's own, enlarged
            by whole times to 512 or more.
        model: a name, file, URL or a Generator.
        seeds: the keys, "1,2,5-9" or numbers.
        walk: the interpolator.
        easing: how a step between two keys speeds up and slows down.
        even: whether the picture changes at a constant rate.
        loop: whether the last key leads back to the first.
        truncation: psi.
        label: the class.
        noise: "const", "random", "none" or "walk".
        beats: its length in beats instead of seconds. The film is rounded to whole frames and
            the tempo to the film, so that a loop closes on the beat.
        bpm: beats a minute.
        grid: "3x3" shows nine walks in one picture, each past seeds of its own.
        audio: a file whose sound is repeated to the film's length and fades out at its end.
        codec: one of the format's codecs, such as "h265" or "hap_alpha".
        params: any Param by "owner.name"; these win over the words above.
        seed: what a sketch's own chance comes from, 0..2**32 - 1.
        device: "auto", "cpu", "cuda" or "mps".
        controls: sources of parameter changes, such as a recorded show.
        progress: told after every frame.

    Returns:
        The report, with the seam and the recipe.

    Raises:
        UsageError: an argument that is wrong.
        SketchError: a sketch file that cannot be run.
        RenderError: the film could not be finished; the message says what was kept.
        KeyboardInterrupt: Ctrl-C; its note says what was kept.
    """
    words = {
        "model.name": model.name if isinstance(model, Generator) else model and str(model),
        "model.truncation": truncation,
        "model.label": label,
        "model.noise": noise,
        "walk.seeds": None if seeds is None else format_seeds(parse_seeds(seeds)),
        "walk.kind": walk,
        "walk.easing": easing,
        "walk.even": even,
        "walk.loop": loop,
        "tempo.bpm": bpm,
    }
    asked = {path: value for path, value in words.items() if value is not None} | dict(params or {})
    kind = sketch if isinstance(sketch, type) else load_sketch(sketch)
    settings = typed(kind, {**kind.defaults, **asked})
    film = plan(settings, seconds=seconds, beats=beats, fps=fps, size=size, grid=grid)
    settings = timed(settings, film, asked)
    check_place(output)

    def get(source: str) -> Generator:
        return model if isinstance(model, Generator) else load(source, device)

    film, player = cast(kind, settings, film, get, seed)
    order = Order(
        sketch=kind.__qualname__ if isinstance(sketch, type) else str(sketch),
        output="" if isinstance(output, Sink) else str(output),
        settings={path: settings[path] for path in (*kind.defaults, *asked)},
        seed=seed,
        codec=codec,
        audio=None if audio is None else str(audio),
    )
    recipe = make_recipe(order, film)
    made = frames(player, OfflineClock(film.frames, film.fps), controls)
    seam = keep(made, film, output, progress, codec=codec, audio=audio, recipe=recipe)
    return Report.of(film, order.output, seam, recipe)
