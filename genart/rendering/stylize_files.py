"""Apply a stylizer to the files of `genart.stylize` and `genart.translate`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from genart.contracts import Frame, Image, Stylizer
from genart.data.image_files import list_images
from genart.errors import GenartError, RenderError, UsageError
from genart.files import check_writable
from genart.media.film_probe import FilmFacts, probe_film
from genart.media.film_spec import Film, Size, count_frames, parse_fps, parse_size
from genart.media.frames import frame_to_image, to_frames
from genart.media.image_kinds import is_film_file
from genart.media.image_reader import is_still
from genart.media.images import picture_size, read_image
from genart.media.recipe import make_recipe
from genart.media.sheets import SUFFIXES as WRITTEN
from genart.media.sheets import save_picture
from genart.media.video import read_film
from genart.models.devices import pick_device
from genart.plugins import registry
from genart.progress import Progress, ProgressCallback
from genart.rendering.spec import sink_for
from genart.rendering.write import check_output, write_film
from genart.styling.factory import repainted

_MOST = 16 << 20  # pixels of one image
#: Arguments that have an option of the command line.
_FLAGS = (
    "style", "method", "model", "size", "fps", "output", "style_weight", "content_weight",
    "tv_weight", "layers", "steps", "keep_color",
)  # fmt: skip
_PREVIEW = 2.0  # seconds between two previews


@dataclass(frozen=True)
class Painted:
    """The result of a stylizer.

    Attributes:
        results: one entry for each image or film, with `input` and `output`, or `input` and
            `error`; `note` says what is not as in the input, such as the rate of a film.
        seconds: the time it took.
        recipe: how the files were made.
        made: the number of files that were repainted.
        failed: the number of files that could not be.
    """

    results: list[dict[str, str]]
    seconds: float
    recipe: dict[str, Any] = field(default_factory=dict)
    made: int = field(init=False)
    failed: int = field(init=False)

    def __post_init__(self) -> None:
        failed = sum("error" in each for each in self.results)
        object.__setattr__(self, "failed", failed)
        object.__setattr__(self, "made", len(self.results) - failed)


@dataclass(frozen=True)
class FileStylizer:
    """Repaints image files and films.

    Args:
        stylizer: repaints images.
        size: the size to repaint at: None for that of the file; a number of pixels for the longer
            side, at most; or (h, w) to cover, the rest is cropped.
        device: where the stylizer runs.
        recipe: the recipe that is stored in the files.
        fps: the rate of films; None for that of the source, or a part of it that the format allows.
        preview: an image file that shows the progress, or None.
        progress: called after every image or frame, or after every step of one image.
    """

    stylizer: Stylizer
    size: int | tuple[int, int] | None
    device: torch.device
    recipe: dict[str, Any]
    fps: Fraction | None = None
    preview: Path | None = None
    progress: ProgressCallback | None = None

    def picture(self, source: Path, target: Path) -> None:
        """Repaint one image; the target is complete or not there.

        Raises:
            UsageError: more pixels than a stylizer can repaint at once.
        """
        size = self.sized(*picture_size(source))
        if size[0] * size[1] > _MOST:
            raise UsageError(
                f"{source} would be repainted at {size[1]}x{size[0]} pixels, {_MOST >> 20} million "
                "are the most; give it a --size, such as --size 4000."
            )
        save_picture(target, self._painted(read_image(source, size)), self.recipe)

    def film(self, source: Path, target: Path) -> str:
        """Repaint every frame of a film; the target has the same sound.

        Returns:
            What is not the same as in the source, in words; "" for nothing.
        """
        found = probe_film(source)
        fps = self.fps or fitting_rate(found.fps, target)
        height, width = (max(side // 2 * 2, 2) for side in self.sized(*found.size))
        frames = found.frames if fps == found.fps else count_frames(found.seconds, fps)
        film = Film(frames, fps, (height, width))
        _reset(self.stylizer)
        heard = found.sound and _takes_sound(target)
        sound: dict[str, Any] = {"audio": source, "fade": 0.0} if heard else {}
        with closing(read_film(found, (height, width), fps)) as read:
            write_film(
                self._frames(islice(read, frames)),
                film,
                target,
                self.progress,
                recipe=self.recipe,
                **sound,
            )
        return _changes(found, fps)

    def sized(self, height: int, width: int) -> tuple[int, int]:
        """Return the (h, w) at which an image of this size is repainted."""
        if isinstance(self.size, tuple):
            return self.size
        scale = min(1.0, (self.size or max(height, width)) / max(height, width))
        return max(round(height * scale), 1), max(round(width * scale), 1)

    def _frames(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        shown = -_PREVIEW
        for frame in frames:
            painted = self._painted(frame_to_image(frame.copy()))
            if self.preview is not None and time.monotonic() - shown >= _PREVIEW:
                shown = time.monotonic()
                save_picture(self.preview, painted, self.recipe)
            yield painted

    def _painted(self, image: Image) -> Frame:
        with torch.no_grad():
            return to_frames(repainted(self.stylizer, image.to(self.device)))[0]


def stylize_files(
    sources: Sequence[Path], output: Path, stylizer: FileStylizer
) -> list[dict[str, str]]:
    """Repaint images, films and folders of images; an error in one does not stop the others.

    Args:
        sources: files or folders.
        output: a file for one image or film; a folder for several, or for one.
        stylizer: repaints each file.

    Returns:
        One entry for each image or film, as in `Painted.results`.

    Raises:
        UsageError: no image, or an output of a wrong kind.
        GenartError: the only image or film could not be repainted.
    """
    found = [each for source in sources for each in _files(source)]
    if not found:
        raise UsageError(f"There is no image in {', '.join(map(str, sources))}.")
    single = len(found) == 1 and not sources[0].is_dir() and bool(output.suffix)
    if single:
        _check(found[0], output)
        check_writable(output)
        with _reports(stylizer):
            return [_stylize_one(stylizer, found[0], output)]
    return _stylize_all(stylizer, found, output)


def _stylize_all(
    stylizer: FileStylizer, found: Sequence[Path], folder: Path
) -> list[dict[str, str]]:
    if folder.suffix and not folder.is_dir():
        raise UsageError(f'Several images need a folder, not "{folder}".')
    check_writable(folder, folder=True)
    folder.mkdir(parents=True, exist_ok=True)
    results: list[dict[str, str]] = []
    inputs = {str(each.resolve()) for each in found}
    for number, source in enumerate(found, 1):
        target = _free_name(_named(folder / source.name, source), inputs, results)
        try:
            _check(source, target)
            results.append(_stylize_one(stylizer, source, target))
        except (GenartError, OSError) as error:
            results.append({"input": str(source), "error": str(error)})
        if stylizer.progress is not None and len(found) > 1:
            stylizer.progress(Progress(number, len(found), "image"))
    if all("error" in each for each in results):
        raise RenderError(f"None could be repainted: {results[0]['error']}")
    return results


def _stylize_one(stylizer: FileStylizer, source: Path, target: Path) -> dict[str, str]:
    result = {"input": str(source), "output": str(target)}
    if _becomes_image(source, target):
        stylizer.picture(source, target)
    elif note := stylizer.film(source, target):
        result["note"] = note
    return result


def fitting_rate(fps: Fraction, target: Path) -> Fraction:
    """A rate that the format of a film allows: the rate itself, or its half, third and so on.

    Every second or third frame is then used, so motion stays even. Formats like GIF have a
    highest rate.
    """
    most = registry("sink")[sink_for(target)].spec.max_fps
    return fps if most is None else fps / max(-(-fps // most), 1)


def _changes(source: FilmFacts, fps: Fraction) -> str:
    """What a repainted film has otherwise than its source, in words."""
    changes = []
    if fps != source.fps:
        changes.append(f"{float(source.fps):g} fps became {float(fps):g} fps")
    if source.variable:
        changes.append(f"the variable frame rate became constant, {float(fps):g} fps")
    if source.hdr:
        changes.append(
            f"the film is HDR ({source.hdr}) and was read as SDR, so its colours look flat; "
            "convert it to SDR first"
        )
    return "; ".join(changes)


def _named(target: Path, source: Path) -> Path:
    """Return a name with a suffix that can be written, for what the source contains."""
    if target.suffix.lower() in WRITTEN or not is_still(source):
        return target
    return target.with_name(f"{target.stem or target.name}.png")


def _becomes_image(source: Path, target: Path) -> bool:
    """Whether an image is written: of an animation the first frame, if the target is an image."""
    return is_still(source) or (target.suffix.lower() in WRITTEN and not is_film_file(source))


def _free_name(target: Path, inputs: set[str], results: Sequence[Mapping[str, str]]) -> Path:
    """Return a name in a folder that no input and no earlier result has."""
    taken = {each.get("output") for each in results} | inputs
    name, number = target, 2
    while str(name) in taken or str(name.resolve()) in taken:
        name, number = target.with_stem(f"{target.stem}-{number}"), number + 1
    return name


def _files(source: Path) -> Iterator[Path]:
    if source.is_dir():
        found = list_images(source)
        found.report().log()
        yield from found.paths()
    else:
        yield source


def _check(source: Path, target: Path) -> None:
    """Raise UsageError if the target cannot be the output of a source.

    Raises:
        UsageError: another kind of file.
        DataError: a source that is neither an image nor a film.
    """
    if source.resolve() == target.resolve():
        raise UsageError(f"{target} is the input itself; name another output.")
    if not _becomes_image(source, target):
        check_output(target)
        return
    picture_size(source)  # what is no image is refused before its output is
    if target.suffix.lower() not in WRITTEN:
        raise UsageError(f'An image becomes {", ".join(WRITTEN)}, not "{target}".')


def _takes_sound(target: Path) -> bool:
    return target.suffix.lower() in (".mp4", ".mov", ".mkv", ".webm", ".m4v")


def _reset(stylizer: Stylizer) -> None:
    if (reset := getattr(stylizer, "reset", None)) is not None:
        reset()


@contextmanager
def _reports(stylizer: FileStylizer) -> Iterator[None]:
    """Let a stylizer that reports its steps do so while it repaints one image."""
    inner = stylizer.stylizer
    given: dict[str, Callable[..., None] | None] = {"progress": stylizer.progress}
    if stylizer.preview is not None:
        given["preview"] = _previewing(stylizer)
    calls = {name: call for name, call in given.items() if hasattr(inner, name)}
    for name, call in calls.items():
        setattr(inner, name, call)
    try:
        yield
    finally:
        for name in calls:
            setattr(inner, name, None)


def _previewing(stylizer: FileStylizer) -> Callable[[Image], None]:
    """Return a function that writes the preview, every two seconds at most."""
    last = [-_PREVIEW]

    def show(image: Image) -> None:
        if time.monotonic() - last[0] >= _PREVIEW and stylizer.preview is not None:
            last[0] = time.monotonic()
            save_picture(stylizer.preview, to_frames(image)[0], stylizer.recipe)

    return show


def file_stylizer(
    stylizer: Stylizer,
    words: Mapping[str, Any],
    *,
    size: Size | None,
    device: str,
    fps: float | str | Fraction | None,
    preview: str | Path | None,
    progress: ProgressCallback | None,
) -> FileStylizer:
    """Return the FileStylizer for arguments of `genart.stylize` and `genart.translate`."""
    where = None if preview is None else Path(preview)
    if where is not None and where.suffix.lower() not in WRITTEN:
        raise UsageError(f'A preview is an image: {", ".join(WRITTEN)}, not "{where}".')
    if where is not None:
        check_writable(where)
    rate = None if fps is None else parse_fps(fps)
    return FileStylizer(
        stylizer, _extent(size), pick_device(device), recipe_of(words), rate, where, progress
    )


def _extent(size: Size | None) -> int | tuple[int, int] | None:
    """Return a size in pixels; a single number is the longer side."""
    if size is None:
        return None
    height, width = parse_size(size)
    return height if isinstance(size, int) or str(size).strip().isdigit() else (height, width)


def recipe_of(words: Mapping[str, Any]) -> dict[str, Any]:
    """Return the recipe of arguments: the command line that has them, and each by name."""
    line = ["genart"]
    for name, value in words.items():
        for each in value if isinstance(value, (list, tuple)) else [value]:
            line += _word(name, each)
    asked = {name: each for name, each in words.items() if name != "command" and each is not None}
    return make_recipe(line, asked)


def _word(name: str, value: Any) -> list[str]:
    if value is None or (value is False and name in _FLAGS):
        return []
    if name in ("command", "input"):
        return [str(value)]
    if name not in _FLAGS:
        return ["--option", f"{name}={value}"]
    flag = f"--{name.replace('_', '-')}"
    return [flag] if value is True else [flag, str(value)]
