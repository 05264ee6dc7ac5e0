"""genart.promo: images, films and walks in a row, with title cards, cross-fades and music.

moviepy arranges the scenes in time. The frames of a walk are drawn when they
are needed, and the sinks of `genart.render` encode the film.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from fractions import Fraction
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from genart.contracts import Frame, Sink
from genart.errors import UsageError
from genart.media.film_spec import (
    Film,
    Size,
    count_frames,
    parse_fps,
    parse_size,
)
from genart.media.recipe import make_recipe
from genart.progress import ProgressCallback
from genart.rendering.job import RenderJob
from genart.rendering.report import Report
from genart.rendering.scenes import FramesByTime, Scene, Shot, ShotMaker
from genart.rendering.write import check_output, write_film


def promo(
    scenes: Sequence[Scene],
    output: str | Path | Sink = "promo.mp4",
    *,
    titles: Sequence[str] = (),
    audio: str | Path | None = None,
    crossfade: float = 1.0,
    still: float = 4.0,
    card: float = 2.5,
    fps: float | str | Fraction = 30,
    size: Size = (1280, 720),
    codec: str | None = None,
    font: str | Path | None = None,
    device: str = "auto",
    progress: ProgressCallback | None = None,
) -> Report:
    """Join walks, films and images into one film with titles and music.

    Args:
        scenes: each an image file, a film, or a mapping of arguments of `genart.render`, such as
            `{"sketch": "drift", "model": "pomona", "seconds": 6}`.
        output: the file, whose suffix decides the format; a folder for PNG; or a sink.
        titles: one before each scene, in order, and one after the last scene; "" for none there.
        audio: a sound file; it is repeated to the length of the film and fades out at its end.
        crossfade: seconds in which a scene blends into the next; 0 cuts.
        still: seconds that an image is shown.
        card: seconds that a title is shown.
        fps: frames per second.
        size: width first.
        codec: one of the format's codecs.
        font: a font file for the titles; the bundled fonts have the letters that it lacks.
        device: where the models of the walks run.
        progress: called after every frame.

    Returns:
        The report; its recipe lists scenes and titles.

    Raises:
        UsageError: no scenes, too many titles, a letter that no font has, a cross-fade as long as
            a scene.
        DataError: an image or film that cannot be read.
        RenderError: the film could not be finished; the message names the files that are left.
    """
    rate, pixels = parse_fps(fps), parse_size(size)
    check_output(output)
    if not scenes:
        raise UsageError("A promo needs scenes: images, films, or mappings for genart.render.")
    with ExitStack() as stack:
        maker = ShotMaker(pixels, rate, still, card, device, font, stack)
        shots = with_titles([maker.shot(scene) for scene in scenes], titles, maker.title_card)
        film, frames = assemble(shots, pixels, rate, crossfade)
        name = "" if isinstance(output, Sink) else str(output)
        recipe = promo_recipe(
            scenes, film, name, titles=titles, audio=audio, crossfade=crossfade, still=still,
            card=card, codec=codec, font=font, models=maker.models,
        )  # fmt: skip
        write_film(frames, film, output, progress, codec=codec, audio=audio, recipe=recipe)
    return Report.of(film, name, None, recipe)


def titled(
    job: RenderJob, titles: Sequence[str], font: str | Path | None = None
) -> tuple[Film, Iterator[Frame]]:
    """Return a film with title cards around it, which is longer, and its frames."""
    assert job.film.size is not None
    maker = ShotMaker(job.film.size, job.film.fps, font=font)
    shot = Shot(FramesByTime(job.frames, job.film.fps), job.film.seconds)
    shots = with_titles([shot], titles, maker.title_card)
    return assemble(shots, maker.size, maker.fps, _blend(job.film))


def within_titles(film: Film, titles: Sequence[str]) -> tuple[float, float]:
    """Return when a film begins after its title card, and the length of the whole, in seconds."""
    cards = [bool(title) for title in (*titles, "", "")[:2]]
    each = ShotMaker.title - _blend(film)
    whole = count_frames(film.seconds + sum(cards) * each, film.fps) / film.fps
    return cards[0] * each, float(whole) if any(cards) else film.seconds


def _blend(film: Film) -> float:
    """Return the seconds in which a title and the film are blended."""
    return min(1.0, film.seconds / 2)


def with_titles(
    shots: Sequence[Shot], titles: Sequence[str], card: Callable[[str], Shot]
) -> list[Shot]:
    """Return shots with a title card before each and after the last; "" gives no card.

    Raises:
        UsageError: more titles than shots and one.
    """
    if len(titles) > len(shots) + 1:
        raise UsageError(
            f"{len(shots)} scenes take {len(shots) + 1} titles at most, not {len(titles)}."
        )
    rows = zip_longest(titles, shots)
    return [shot for title, scene in rows for shot in (title and card(title), scene) if shot]


def assemble(
    shots: Sequence[Shot], size: tuple[int, int], fps: Fraction, crossfade: float
) -> tuple[Film, Iterator[Frame]]:
    """Return a film of shots in a row, each blended into the next, and its frames.

    Raises:
        UsageError: a cross-fade below 0 or longer than half the shortest shot.
    """
    from moviepy import CompositeVideoClip, VideoClip, vfx

    shortest = min(shot.seconds for shot in shots)
    if not 0 <= crossfade <= shortest / 2:
        raise UsageError(
            f"A cross-fade is 0 to {shortest / 2:g} s here, half the shortest scene or title, "
            f"not {crossfade:g}."
        )
    clips: list[VideoClip] = []
    start = 0.0
    for shot in shots:
        clip = VideoClip(shot.frame, duration=shot.seconds).with_start(start)
        blend = [vfx.CrossFadeIn(crossfade)] if clips and crossfade else []
        clips.append(clip.with_effects(blend))
        start += shot.seconds - crossfade
    whole = CompositeVideoClip(clips, size=size[::-1]).with_duration(start + crossfade)
    film = Film(count_frames(start + crossfade, fps), fps, size)
    return film, (np.asarray(whole.get_frame(float(k / fps)), np.uint8) for k in range(film.frames))


def promo_recipe(
    scenes: Sequence[Scene],
    film: Film,
    output: str,
    *,
    titles: Sequence[str],
    audio: str | Path | None,
    crossfade: float,
    still: float,
    card: float,
    codec: str | None,
    font: str | Path | None,
    models: Mapping[str, str | None],
) -> dict[str, Any]:
    """Return the recipe of a promo, with the arguments of `genart.promo` by name."""
    width, height = (film.size or (0, 0))[::-1]
    words = {"audio": audio and str(audio), "crossfade": crossfade, "still": still, "card": card}
    words |= {
        "fps": str(film.fps),
        "size": f"{width}x{height}",
        "codec": codec,
        "font": font and str(font),
    }
    facts = {
        "scenes": [plain(scene) for scene in scenes],
        "models": [{"name": name, "sha256": sha256} for name, sha256 in models.items()],
        "titles": list(titles),
        **words,
        "frames": film.frames,
        "size": [width, height],
    }
    return make_recipe(promo_command(scenes, titles, words, output or "promo.mp4"), facts)


def promo_command(
    scenes: Sequence[Scene], titles: Sequence[str], words: Mapping[str, Any], output: str
) -> list[str]:
    """Return the words of the `genart promo` line that makes the film again."""
    line = ["genart", "promo", *map(scene_text, scenes)]
    for title in titles:
        line += ["--title", title]
    for name, value in words.items():
        line += [] if value is None else [f"--{name}", str(value)]
    return [*line, "-o", output]


def scene_text(scene: Scene) -> str:
    """Return a scene as text that `parse_scene` reads."""
    if not isinstance(scene, Mapping):
        return str(scene)
    words: dict[str, Any] = plain(scene)
    words |= words.pop("params", None) or {}
    sketch = str(words.pop("sketch", "drift"))
    return shlex.join([sketch, *(f"{name}={_typed(value)}" for name, value in words.items())])


def _typed(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def plain(thing: Any) -> Any:
    """Return a value as JSON can hold it; a model or a class becomes its name."""
    if isinstance(thing, Mapping):
        return {str(key): plain(value) for key, value in thing.items()}
    if isinstance(thing, (list, tuple)):
        return [plain(value) for value in thing]
    if thing is None or isinstance(thing, (bool, int, float, str)):
        return thing
    return str(getattr(thing, "name", None) or getattr(thing, "__qualname__", thing))
