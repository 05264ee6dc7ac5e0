"""Promo films: pictures, films and walks in a row, with title cards, cross-fades and music.

moviepy lays the scenes out in time and draws the letters; the frames of a walk are made while
they are needed, and everything is encoded by the sinks that `genart.render` uses.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from fractions import Fraction
from importlib.metadata import version
from itertools import zip_longest
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from genart.contracts import Frame, ProgressCallback, Sink
from genart.errors import DataError, UsageError
from genart.frames import to_frames, to_image
from genart.rendering.film import Film, Report, Size, count_frames, parse_fps, parse_size
from genart.rendering.keep import check_place, keep
from genart.rendering.recipes import versions
from genart.rendering.take import Take, make_take

_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")
_NEARLY = 1e-3  # of a frame: a time this little before a frame's is its time

#: A picture, a film, or what `genart.render` takes: {"sketch": "drift", "seeds": "1-4", ...}.
Scene: TypeAlias = "str | Path | Mapping[str, Any]"


@dataclass(frozen=True)
class Shot:
    """One scene, ready to be laid out.

    Args:
        frame: the frame at a time in seconds; times are asked in order.
        seconds: how long it lasts.
    """

    frame: Callable[[float], Frame]
    seconds: float


class InOrder:
    """Frames that come in order, asked for by time; the last one asked for is held, no other.

    Args:
        frames: what comes, one by one.
        fps: frames a second.
    """

    def __init__(self, frames: Iterable[Frame], fps: Fraction) -> None:
        self._frames, self._fps = iter(frames), fps
        self._index, self._held = -1, np.zeros((1, 1, 3), np.uint8)

    def __call__(self, t: float) -> Frame:
        """The frame at t; times that lie behind, or beyond the end, give the one that is held."""
        wanted = int(float(t) * float(self._fps) + _NEARLY)
        while self._index < wanted and (frame := next(self._frames, None)) is not None:
            self._index, self._held = self._index + 1, opaque(frame)
        return self._held


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
    device: str = "auto",
    progress: ProgressCallback | None = None,
) -> Report:
    """Join walks, films and pictures into one film with titles and music.

    Args:
        scenes: each a picture, a film, or a mapping of what `genart.render` takes, such as
            `{"sketch": "drift", "model": "pomona", "seconds": 6}`.
        output: the file, whose suffix decides the format; a folder for PNG; or a sink.
        titles: the first is shown before the first scene, the second before the second, one more
            than scenes after the last; "" for no card there.
        audio: a file whose sound is repeated to the film's length and fades out at its end.
        crossfade: seconds in which two neighbours blend; 0 cuts.
        still: seconds that a picture is shown.
        card: seconds that a title is shown.
        fps: frames a second.
        size: width first.
        codec: one of the format's codecs.
        device: where the walks' models run.
        progress: told after every frame.

    Returns:
        The report; its recipe lists scenes and titles.

    Raises:
        UsageError: no scenes, too many titles, a cross-fade as long as a scene.
        DataError: a picture or film that cannot be read.
        RenderError: the film could not be finished; the message says what was kept.
    """
    rate, pixels = parse_fps(fps), parse_size(size)
    check_place(output)
    if not scenes:
        raise UsageError("A promo needs scenes: pictures, films, or mappings for genart.render.")
    with ExitStack() as stack:
        look = Look(pixels, rate, still, card, device, stack)
        shots = with_titles([look.shot(scene) for scene in scenes], titles, look.card)
        film, frames = assemble(shots, pixels, rate, crossfade)
        recipe = promo_recipe(scenes, film, titles, audio, crossfade, still, card, codec)
        keep(frames, film, output, progress, codec=codec, audio=audio, recipe=recipe)
    place = "" if isinstance(output, Sink) else str(output)
    return Report.of(film, place, None, recipe)


def titled(take: Take, titles: Sequence[str]) -> tuple[Film, Iterator[Frame]]:
    """A take between title cards: its film, longer by them, and its frames."""
    assert take.film.size is not None
    look = Look(take.film.size, take.film.fps)
    shot = Shot(InOrder(take.frames, take.film.fps), take.film.seconds)
    blend = min(1.0, shot.seconds / 2)
    return assemble(with_titles([shot], titles, look.card), look.size, look.fps, blend)


@dataclass(frozen=True)
class Look:
    """How scenes become shots.

    Args:
        size: (h, w) of every frame.
        fps: frames a second.
        still: seconds that a picture is shown.
        title: seconds that a title is shown.
        device: where the walks' models run.
        stack: closes the films that were opened.
    """

    size: tuple[int, int]
    fps: Fraction
    still: float = 4.0
    title: float = 2.5
    device: str = "auto"
    stack: ExitStack = field(default_factory=ExitStack)

    def shot(self, scene: Scene) -> Shot:
        """A scene as a shot: a walk, a picture or a film."""
        if isinstance(scene, Mapping):
            return self._walk(scene)
        path = Path(scene)
        if not path.is_file():
            raise DataError(f'There is no picture or film "{path}".')
        return self._picture(path) if path.suffix.lower() in _PICTURES else self._film(path)

    def card(self, text: str) -> Shot:
        """A title: white letters in the middle of black, as large as fits in a few lines."""
        from moviepy import TextClip

        height, width = self.size
        letters = TextClip(
            text=text, font_size=max(8, min(height, width) // 9), color="white",
            bg_color="black", size=(width, height), method="caption",
            text_align="center", horizontal_align="center", vertical_align="center",
        )  # fmt: skip
        frame = np.ascontiguousarray(letters.get_frame(0)[..., :3], np.uint8)
        return Shot(lambda t: frame, self.title)

    def _walk(self, scene: Mapping[str, Any]) -> Shot:
        height, width = self.size
        words: dict[str, Any] = {"device": self.device, **scene}
        take = make_take(**{**words, "fps": self.fps, "size": (width, height)})
        return Shot(InOrder(take.frames, self.fps), take.film.seconds)

    def _picture(self, path: Path) -> Shot:
        from PIL import Image, ImageOps

        try:
            with Image.open(path) as picture:
                pixels = np.asarray(ImageOps.exif_transpose(picture).convert("RGBA"))
        except (OSError, ValueError) as error:
            raise DataError(f"{path} cannot be read as a picture: {error}") from error
        frame = self._covering(opaque(pixels))
        return Shot(lambda t: frame, self.still)

    def _film(self, path: Path) -> Shot:
        from imageio_ffmpeg import count_frames_and_secs

        try:
            _, seconds = count_frames_and_secs(str(path))
        except RuntimeError as error:
            raise DataError(f"{path} cannot be read as a film.") from error
        frames = read_film(path, self.size, self.fps)
        self.stack.callback(frames.close)
        return Shot(InOrder(frames, self.fps), float(seconds))

    def _covering(self, frame: Frame) -> Frame:
        return to_frames(to_image(np.array(frame)), self.size)[0]


def read_film(path: Path, size: tuple[int, int], fps: Fraction) -> Generator[Frame, None, None]:
    """The frames of a film at another rate, made to cover size (h, w); one at a time."""
    from imageio_ffmpeg import get_ffmpeg_exe

    height, width = size
    cover = f"scale={width}:{height}:force_original_aspect_ratio=increase:flags=bicubic"
    process = subprocess.Popen(
        [get_ffmpeg_exe(), "-v", "error", "-i", f"file:{path}", "-vf",
         f"fps={fps},{cover},crop={width}:{height}", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    with process, process.stdout as pipe:
        try:
            while len(pixels := pipe.read(height * width * 3)) == height * width * 3:
                yield np.frombuffer(pixels, np.uint8).reshape(height, width, 3)
        finally:
            process.kill()


def opaque(frame: Frame) -> Frame:
    """A frame with alpha painted on black, (h, w, 3); one without stays as it is."""
    if frame.shape[2] == 3:
        return frame
    colour = frame[..., :3].astype(np.uint16) * frame[..., 3:]
    return ((colour + 127) // 255).astype(np.uint8)


def with_titles(
    shots: Sequence[Shot], titles: Sequence[str], card: Callable[[str], Shot]
) -> list[Shot]:
    """Shots with a card before each, and after the last; "" or none left gives no card.

    Raises:
        UsageError: more titles than places.
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
    """Shots in a row, neighbours blended, as a film and its frames.

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
    titles: Sequence[str],
    audio: str | Path | None,
    crossfade: float,
    still: float,
    card: float,
    codec: str | None,
) -> dict[str, Any]:
    """How a promo was made, as JSON can hold it: `genart.promo` takes these words."""
    return {
        "genart": version("genart"),
        "scenes": [plain(scene) for scene in scenes],
        "titles": list(titles),
        "audio": audio and str(audio),
        "crossfade": crossfade,
        "still": still,
        "card": card,
        "codec": codec,
        "frames": film.frames,
        "fps": str(film.fps),
        "size": list(film.size[::-1]) if film.size else None,
        "versions": versions(),
    }


def plain(thing: Any) -> Any:
    """A thing as JSON can hold it: mappings and lists stay, a model or class gives its name."""
    if isinstance(thing, Mapping):
        return {str(key): plain(value) for key, value in thing.items()}
    if isinstance(thing, (list, tuple)):
        return [plain(value) for value in thing]
    if thing is None or isinstance(thing, (bool, int, float, str)):
        return thing
    return str(getattr(thing, "name", None) or getattr(thing, "__qualname__", thing))
