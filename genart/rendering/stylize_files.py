"""genart.stylize and genart.translate: pictures, folders and films, painted over."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from genart.contracts import Frame, Image, Stylizer
from genart.errors import GenartError, RenderError, UsageError
from genart.media.film_spec import Film, Size, parse_size
from genart.media.frames import frame_to_image, to_frames
from genart.media.images import SUFFIXES as READ
from genart.media.images import picture_size, read_image
from genart.media.recipe import make_recipe
from genart.media.sheets import SUFFIXES as WRITTEN
from genart.media.sheets import save_picture
from genart.media.video import look_at, read_film
from genart.models.devices import pick_device
from genart.progress import Progress, ProgressCallback
from genart.rendering.write import check_place, keep
from genart.styling.factory import repainted

_MOST = 16 << 20  # pixels of one picture
#: Words that the command line has an option of their own for.
_FLAGS = (
    "style", "method", "model", "size", "output", "style_weight", "content_weight", "tv_weight",
    "layers", "steps", "keep_color",
)  # fmt: skip
_PREVIEW = 2.0  # seconds between two previews
_STILL = tuple(suffix for suffix in READ if suffix != ".gif")


@dataclass(frozen=True)
class Painted:
    """What was painted.

    Attributes:
        results: one entry a picture or film, `input` and `output`, or `input` and `error`.
        seconds: how long it took.
        recipe: what makes it again.
    """

    results: list[dict[str, str]]
    seconds: float
    recipe: dict[str, Any] = field(default_factory=dict)

    @property
    def failed(self) -> int:
        """How many could not be painted."""
        return sum("error" in each for each in self.results)


@dataclass(frozen=True)
class Brush:
    """How pictures are painted.

    Args:
        stylizer: what repaints them.
        size: None for their own; a number for so many pixels on the longer side, at most; (h, w)
            to cover and crop to.
        device: where.
        recipe: what files say about how they were made.
        preview: a picture file that shows how it goes, or None.
        progress: told of every picture or frame, or of every step of one picture.
    """

    stylizer: Stylizer
    size: int | tuple[int, int] | None
    device: torch.device
    recipe: dict[str, Any]
    preview: Path | None = None
    progress: ProgressCallback | None = None

    def picture(self, source: Path, target: Path) -> None:
        """Paint one picture into a file that is whole or not there.

        Raises:
            UsageError: more pixels than can be painted at once.
        """
        size = self.sized(*picture_size(source))
        if size[0] * size[1] > _MOST:
            raise UsageError(
                f"{source} would be painted at {size[1]}x{size[0]} pixels, {_MOST >> 20} million "
                "are the most; give it a --size, such as --size 4000."
            )
        save_picture(target, self._painted(read_image(source, size)), self.recipe)

    def film(self, source: Path, target: Path) -> None:
        """Paint every frame of a film, and keep its sound."""
        found = look_at(source)
        size = tuple(max(side // 2 * 2, 2) for side in self.sized(*found.size))
        film = Film(found.frames, found.fps, (size[0], size[1]))
        _forget(self.stylizer)
        heard = found.sound and _takes_sound(target)
        sound: dict[str, Any] = {"audio": source, "fade": 0.0} if heard else {}
        with closing(read_film(source, (size[0], size[1]), found.fps)) as frames:
            keep(self._frames(frames), film, target, self.progress, recipe=self.recipe, **sound)

    def sized(self, height: int, width: int) -> tuple[int, int]:
        """The (h, w) that a picture of such a size is painted at."""
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


def paint(
    sources: Sequence[Path],
    output: Path,
    brush: Brush,
) -> list[dict[str, str]]:
    """Paint pictures, films and folders of pictures; what fails is told, the others go on.

    Args:
        sources: files or folders.
        output: a file for one picture or film; a folder for several, or for one.
        brush: how.

    Returns:
        One entry a picture or film.

    Raises:
        UsageError: nothing to paint, or an output that cannot take it.
        GenartError: the only picture or film there is could not be painted.
    """
    found = [each for source in sources for each in _files(source)]
    if not found:
        raise UsageError(f"There is no picture in {', '.join(map(str, sources))}.")
    single = len(found) == 1 and not sources[0].is_dir() and bool(output.suffix)
    if single:
        _check(found[0], output)
        with _steps(brush):
            _paint_one(brush, found[0], output)
        return [{"input": str(found[0]), "output": str(output)}]
    return _paint_all(brush, found, output)


def _paint_all(brush: Brush, found: Sequence[Path], folder: Path) -> list[dict[str, str]]:
    if folder.suffix and not folder.is_dir():
        raise UsageError(f'Several pictures need a folder, not "{folder}".')
    folder.mkdir(parents=True, exist_ok=True)
    results: list[dict[str, str]] = []
    inputs = {str(each.resolve()) for each in found}
    for number, source in enumerate(found, 1):
        target = _unlike(folder / source.name, inputs, results)
        try:
            _check(source, target)
            _paint_one(brush, source, target)
        except (GenartError, OSError) as error:
            results.append({"input": str(source), "error": str(error)})
        else:
            results.append({"input": str(source), "output": str(target)})
        if brush.progress is not None and len(found) > 1:
            brush.progress(Progress(number, len(found), "picture"))
    if all("error" in each for each in results):
        raise RenderError(f"None could be painted: {results[0]['error']}")
    return results


def _paint_one(brush: Brush, source: Path, target: Path) -> None:
    (brush.picture if _is_still(source) else brush.film)(source, target)


def _unlike(target: Path, inputs: set[str], results: Sequence[Mapping[str, str]]) -> Path:
    """A name in a folder that no input and no earlier result has."""
    if target.suffix.lower() in (".bmp", ".tif", ".tiff"):
        target = target.with_suffix(".png")
    taken = {each.get("output") for each in results} | inputs
    name, number = target, 2
    while str(name) in taken or str(name.resolve()) in taken:
        name, number = target.with_stem(f"{target.stem}-{number}"), number + 1
    return name


def _files(source: Path) -> Iterator[Path]:
    if source.is_dir():
        yield from sorted(each for each in source.rglob("*") if each.suffix.lower() in READ)
    else:
        yield source


def _is_still(path: Path) -> bool:
    return path.suffix.lower() in _STILL


def _check(source: Path, target: Path) -> None:
    """UsageError for a place that cannot take what is made of a source."""
    if source.resolve() == target.resolve():
        raise UsageError(f"{target} is the input itself; name another output.")
    if not _is_still(source):
        check_place(target)
    elif target.suffix.lower() not in WRITTEN:
        raise UsageError(f'A picture becomes {", ".join(WRITTEN)}, not "{target}".')


def _takes_sound(target: Path) -> bool:
    return target.suffix.lower() in (".mp4", ".mov", ".mkv", ".webm", ".m4v")


def _forget(stylizer: Stylizer) -> None:
    if (forget := getattr(stylizer, "reset", None)) is not None:
        forget()


@contextmanager
def _steps(brush: Brush) -> Iterator[None]:
    """A stylizer that tells how far it is with a picture tells it while one is painted."""
    told: dict[str, Callable[..., None] | None] = {"progress": brush.progress}
    if brush.preview is not None:
        told["preview"] = _previewing(brush)
    told = {name: each for name, each in told.items() if hasattr(brush.stylizer, name)}
    for name, each in told.items():
        setattr(brush.stylizer, name, each)
    try:
        yield
    finally:
        for name in told:
            setattr(brush.stylizer, name, None)


def _previewing(brush: Brush) -> Callable[[Image], None]:
    last = [-_PREVIEW]

    def show(image: Image) -> None:
        if time.monotonic() - last[0] >= _PREVIEW and brush.preview is not None:
            last[0] = time.monotonic()
            save_picture(brush.preview, to_frames(image)[0], brush.recipe)

    return show


def brush_for(
    stylizer: Stylizer,
    words: Mapping[str, Any],
    *,
    size: Size | None,
    device: str,
    preview: str | Path | None,
    progress: ProgressCallback | None,
) -> Brush:
    """A brush from the words of `genart.stylize` and `genart.translate`."""
    where = None if preview is None else Path(preview)
    if where is not None and where.suffix.lower() not in WRITTEN:
        raise UsageError(f'A preview is a picture: {", ".join(WRITTEN)}, not "{where}".')
    return Brush(
        stylizer, _extent(size), pick_device(device), recipe_of(words), where, progress
    )  # fmt: skip


def _extent(size: Size | None) -> int | tuple[int, int] | None:
    """A size as people write it: a number is the longer side."""
    if size is None:
        return None
    height, width = parse_size(size)
    return height if isinstance(size, int) or str(size).strip().isdigit() else (height, width)


def recipe_of(words: Mapping[str, Any]) -> dict[str, Any]:
    """What was asked for, the command line that asks for it again, and the versions."""
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
