"""genart.render: render a sketch to a film."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from genart.contracts import Control, Generator, Sink
from genart.latent import parse_seeds
from genart.latents.keys import Keys, parse_keys
from genart.mapping.film_control import FilmControl, SoundTrack
from genart.media.film_spec import Film, Size, parse_fps, parse_grid, parse_size
from genart.playback.show import Show
from genart.playback.show_replay import prepare_show
from genart.playback.sketch import Sketch
from genart.plugins import registry
from genart.profiling import Profiler
from genart.progress import ProgressCallback
from genart.rendering.job import start_job
from genart.rendering.promo import titled, within_titles
from genart.rendering.recipe import FilmFile, film_recipe
from genart.rendering.report import Report
from genart.rendering.request import RenderRequest
from genart.rendering.write import check_output, write_film
from genart.styling.factory import joined


def render(
    sketch: str | Path | type[Sketch] | None = None,
    output: str | Path | Sink = "genart.mp4",
    *,
    seconds: float | None = None,
    fps: float | str | Fraction | None = None,
    size: Size | None = None,
    model: str | Path | Generator | None = None,
    seeds: str | int | Iterable[int] | None = None,
    keys: Keys | None = None,
    walk: str | None = None,
    easing: str | None = None,
    even: bool | None = None,
    loop: bool | None = None,
    truncation: float | None = None,
    directions: str | Path | None = None,
    style: str | Sequence[str] | None = None,
    label: int | None = None,
    precision: str | None = None,
    noise: str | None = None,
    beats: float | None = None,
    bpm: float | None = None,
    grid: str | Sequence[int] | None = None,
    audio: str | Path | None = None,
    mapping: str | Path | None = None,
    codec: str | None = None,
    titles: Sequence[str] = (),
    font: str | Path | None = None,
    params: Mapping[str, Any] | None = None,
    seed: int | None = None,
    device: str = "auto",
    show: str | Path | Show | None = None,
    controls: Sequence[Control] = (),
    profile: bool = False,
    progress: ProgressCallback | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> Report:
    """Render a sketch to a film or loop.

    A Param takes the first value that exists: `params`, the argument for it, the show, the
    `defaults` of the sketch, the default of the Param.

    Args:
        sketch: the name of an included sketch, a .py file, or a Sketch class; "drift" if not
            given.
        output: the file, whose suffix decides the format; a folder for PNG; or a sink.
        seconds: the length; 8 if neither this nor `beats` is given.
        fps: frames per second; 30 if not given.
        size: 512, (640, 360) or "640x360", width first. If not given, the size of the model,
            enlarged by a whole factor to 512 or more.
        model: a name, file, URL or a Generator.
        seeds: the keys of the walk, "1,2,5-9" or numbers.
        keys: replaces `seeds`: seeds, latent files and latents, "apple.npz,7,pear.npz" or a list.
        walk: the interpolator.
        easing: how a step between two keys speeds up and slows down.
        even: whether the image changes at a constant rate.
        loop: whether the walk returns to its first key.
        truncation: psi; 1 changes nothing, 0 gives the average image.
        directions: a file of directions, each of which becomes a Param edit.<name>.
        style: a stylizer that repaints every image, "fast:great_wave", or several, applied in
            order.
        label: the class.
        precision: what the network computes in: "auto", "float32" or "half".
        noise: "const", "random", "none" or "walk".
        beats: the length in beats instead of seconds. The film is rounded to whole frames and
            the tempo to the film, so that a loop closes on the beat.
        bpm: beats per minute.
        grid: "3x3" shows nine walks in one frame, each with other seeds.
        audio: a sound file; it is repeated to the length of the film and fades out at its end.
        mapping: a TOML file that connects features of `audio`, and LFOs, with Params, so that the
            film moves to its sound.
        codec: one of the codecs of the format, such as "h265" or "hap_alpha".
        titles: texts of title cards: the first is shown before the film, the second after it. They
            blend into the film, which becomes longer and is no loop.
        font: a font file for the titles; the bundled fonts have the letters that it lacks.
        params: any Param by "owner.name"; these replace the arguments above.
        seed: of the sketch's random numbers, 0..2**32 - 1; 0 if not given.
        device: "auto", "cpu", "cuda" or "mps".
        show: a recorded show or its file; every change in it is repeated. The changes by its
            sound are among them: give a `mapping` only for more.
        controls: other sources of parameter changes.
        profile: whether the report contains the times of the steps of a frame.
        progress: called after every frame.
        tell: called with one line for the entries of the mapping that are not used, and why.

    Returns:
        The report, with the seam and the recipe.

    Raises:
        UsageError: an argument that is wrong.
        DataError: a file that is no show or no mapping, or one that does not fit the sketch.
        SketchError: a sketch file that cannot be run.
        RenderError: the film could not be finished; the message names the files that are left.
        KeyboardInterrupt: Ctrl-C; its note names the files that are left.
    """
    check_output(output)
    request = RenderRequest(
        sketch=sketch, seconds=seconds, beats=beats,
        fps=None if fps is None else parse_fps(fps),
        size=None if size is None else parse_size(size),
        grid=None if grid is None else parse_grid(grid),
        model=model,
        seeds=None if seeds is None else tuple(parse_seeds(seeds)),
        keys=None if keys is None else tuple(parse_keys(keys)),
        truncation=truncation, label=label, precision=precision,
        directions=None if directions is None else str(directions),
        style=None if style is None else joined(style),
        noise=noise, walk=walk, easing=easing, even=even, loop=loop, bpm=bpm,
        params=params or {}, seed=seed, device=device, controls=controls,
    )  # fmt: skip
    if show is not None:
        request = request.with_show(prepare_show(show, sketch))
    with ExitStack() as stack:
        mapped = None
        if mapping is not None:
            sound = None if audio is None else _sound_track(audio, titles)
            mapped = stack.enter_context(closing(FilmControl(mapping, sound, tell)))
            request = replace(request, controls=(*request.controls, mapped))
        job = start_job(request)
        file = FilmFile(
            output="" if isinstance(output, Sink) else str(output),
            codec=codec,
            audio=None if audio is None else str(audio),
            titles=tuple(titles),
            font=None if font is None else str(font),
            show=str(show) if isinstance(show, (str, Path)) else None,
            mapping=None if mapped is None else (str(mapping), mapped.text),
        )
        recipe = film_recipe(job, file)
        film, made = titled(job, titles, font) if titles else (job.film, job.frames)
        profiler = Profiler() if profile else None
        seam = write_film(
            made, film, output, progress, profiler=profiler, codec=codec, audio=audio,
            recipe=recipe,
        )  # fmt: skip
    profiled = None if profiler is None else profiler.profile()
    return Report.of(film, file.output, None if titles else seam, recipe, profiled)


def _sound_track(audio: str | Path, titles: Sequence[str]) -> Callable[[Film], SoundTrack]:
    """Return a function that opens the sound of a film as the film will play it."""

    def make(film: Film) -> SoundTrack:
        ahead, seconds = within_titles(film, titles)
        track: SoundTrack = registry("control").create(
            "audio", source=str(audio), seconds=seconds, ahead=ahead
        )
        return track

    return make
