"""Text in images in any script: the bundled fonts, the fonts of the system, and line wrapping.

Pillow draws; right-to-left scripts and ligatures need its `raqm` layout, which its packages have.
"""

from __future__ import annotations

import io
import lzma
import shutil
import subprocess
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from genart.errors import UsageError

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont

    from genart.media.image_types import Frame

_FOLDER = Path(__file__).parent / "font_files"
#: In the order in which they are tried: the first also draws spaces, digits and punctuation.
_BUNDLED = tuple(
    f"{name}.xz"
    for name in (
        "noto-sans.ttf", "noto-sans-hebrew.ttf", "noto-sans-arabic.ttf",
        "noto-sans-devanagari.ttf", "noto-sans-bengali.ttf", "noto-sans-tamil.ttf",
        "noto-sans-thai.ttf", "noto-sans-armenian.ttf", "noto-sans-georgian.ttf",
        "noto-sans-kr.otf", "droid-sans-fallback.ttf",
    )
)  # fmt: skip
#: Fonts with many letters that come with macOS and Windows; Pillow finds them by name.
_SYSTEM = (
    "Arial Unicode.ttf", "Apple Symbols.ttf", "arialuni.ttf", "seguisym.ttf", "seguihis.ttf",
    "msyh.ttc", "malgun.ttf", "msgothic.ttc", "Nirmala.ttf",
)  # fmt: skip
_ABSENT = "\U0010fffd"  # a code point that no font has: its glyph is the box
_INVISIBLE = ("Cc", "Cf", "Mn", "Me", "Zs", "Zl", "Zp")  # categories that go with any font
_LEADING = 1.4  # distance of two lines, in sizes of the font
_SMALLEST = 8  # pixels

#: A font file, as a path; the name of a bundled one; None for a system font that was not found.
Source: TypeAlias = "str | Path"


class TextPainter:
    """Draws text of one size, each letter with the first font that has it.

    Args:
        size: of the font in pixels.
        font: a font file that is tried first, or None.

    Raises:
        UsageError: a file that is not a font.
    """

    def __init__(self, size: int, font: str | Path | None = None) -> None:
        self.size = size
        self._first: tuple[Source, ...] = () if font is None else (str(font),)
        if font is not None:
            _check_font(Path(font))

    def missing(self, text: str) -> list[str]:
        """Return the letters that no font has, each once."""
        return [letter for letter in dict.fromkeys(text) if self._source(letter) is None]

    def check(self, text: str) -> None:
        """Raise UsageError that names the first letters that no font has."""
        if missing := self.missing(text):
            named = ", ".join(map(describe, missing[:3]))
            more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
            raise UsageError(
                f"No font has {named}{more}. Name a font file that has the letters with --font."
            )

    def width(self, line: str) -> float:
        """Return the width of a line in pixels."""
        return sum(font.getlength(part) for part, font in self._parts(line))

    def draw(
        self, image: Image, xy: tuple[float, float], line: str, fill: str | tuple[int, ...]
    ) -> None:
        """Draw one line.

        Args:
            image: that is drawn on.
            xy: its left end and the middle of its height.
            line: the text.
            fill: its colour.
        """
        from PIL import ImageDraw

        draw, x = ImageDraw.Draw(image), xy[0]
        for part, font in self._parts(line):
            draw.text((x, xy[1] + self.size * 0.35), part, fill, font, anchor="ls")
            x += font.getlength(part)

    def wrap(self, text: str, width: float) -> list[str]:
        """Return text as lines that fit a width; a single word may be wider."""
        return [line for each in text.split("\n") for line in self._wrapped(each, width)]

    def _wrapped(self, text: str, width: float) -> Iterator[str]:
        line = ""
        for word in _words(text):
            if line and self.width((line + word).rstrip()) > width:
                yield line.rstrip()
                line = ""
            line += word
        yield line.rstrip()

    def _parts(self, line: str) -> list[tuple[str, FreeTypeFont]]:
        """Runs of one font from left to right, in the order of the eye."""
        runs = [
            ("".join(letter for letter, _ in run), source)
            for source, run in groupby(self._sources(line), key=lambda each: each[1])
        ]
        ordered = runs[::-1] if _is_right_to_left(line) else runs
        return [(_visual(text), _font(source, self.size)) for text, source in ordered]

    def _sources(self, line: str) -> Iterator[tuple[str, Source]]:
        """The letters with their fonts; one that goes with any stays with the letter before."""
        last: Source | None = None
        for letter in line:
            neutral = unicodedata.category(letter)[0] in "ZPCM" and last is not None
            if not (neutral and last is not None and _has(last, letter)):
                last = self._source(letter) or _BUNDLED[0]
            yield letter, last

    def _source(self, letter: str) -> Source | None:
        for source in (*self._first, *_BUNDLED):
            if _has(source, letter):
                return source
        return _system_font(letter)


def title_frame(text: str, size: tuple[int, int], font: str | Path | None = None) -> Frame:
    """Draw a title: white on black in the middle, wrapped at words, as large as fits.

    Args:
        text: the title; line breaks are kept.
        size: (h, w) of the frame.
        font: a font file that is tried first.

    Returns:
        uint8 (h, w, 3).

    Raises:
        UsageError: a letter that no font has, or a file that is not a font.
    """
    from PIL import Image as Pictures

    height, width = size
    painter, lines = _fitted(text, size, font)
    painter.check(text)
    image = Pictures.new("RGB", (width, height))
    step = painter.size * _LEADING
    y = height / 2 - step * (len(lines) - 1) / 2
    for number, line in enumerate(lines):
        painter.draw(image, ((width - painter.width(line)) / 2, y + number * step), line, "white")
    return np.asarray(image)


def _fitted(
    text: str, size: tuple[int, int], font: str | Path | None
) -> tuple[TextPainter, list[str]]:
    """The largest text that fits 90 % of the width and 80 % of the height."""
    height, width = size
    points = max(min(height, width) // 9, _SMALLEST)
    while True:
        painter = TextPainter(points, font)
        lines = painter.wrap(text, width * 0.9)
        tall = len(lines) * points * _LEADING > height * 0.8
        wide = max(map(painter.width, lines)) > width * 0.9
        if points <= _SMALLEST or not (tall or wide):
            return painter, lines
        points = max(points * 9 // 10, _SMALLEST)


def describe(letter: str) -> str:
    """Return a letter with its number and name in Unicode."""
    name = unicodedata.name(letter, "")
    return f'"{letter}" (U+{ord(letter):04X}{", " if name else ""}{name})'


def _words(text: str) -> Iterator[str]:
    """Parts between which a line may break: after spaces, and around letters of East Asia."""
    word = ""
    for letter in text:
        if unicodedata.east_asian_width(letter) == "W":
            if word:
                yield word
            word = ""
            yield letter
        else:
            word += letter
            if letter == " ":
                yield word
                word = ""
    if word:
        yield word


def _is_right_to_left(text: str) -> bool:
    """Whether the first letter with a direction is of a right-to-left script."""
    kinds = (unicodedata.bidirectional(letter) for letter in text)
    return next((kind for kind in kinds if kind in ("L", "R", "AL")), "L") != "L"


def _visual(text: str) -> str:
    """Text of one font as Pillow needs it: without raqm, right-to-left text is reversed."""
    from PIL import features

    return text[::-1] if _is_right_to_left(text) and not features.check("raqm") else text


def _check_font(path: Path) -> None:
    if not path.is_file():
        raise UsageError(f'There is no font file "{path}".')
    try:
        _font(str(path), 12)
    except OSError as error:
        raise UsageError(f"{path} is not a font: {error}.") from None


@lru_cache(maxsize=64)
def _font(source: Source, size: int) -> FreeTypeFont:
    from PIL import ImageFont

    if source in _BUNDLED:
        return ImageFont.truetype(io.BytesIO(_unpacked(str(source))), size)
    return ImageFont.truetype(str(source), size)


@lru_cache(maxsize=len(_BUNDLED))
def _unpacked(name: str) -> bytes:
    return lzma.decompress((_FOLDER / name).read_bytes())


@lru_cache(maxsize=4096)
def _has(source: Source, letter: str) -> bool:
    """Whether a font has a letter: what it draws is not the box of absent letters."""
    if unicodedata.category(letter) in _INVISIBLE:
        return True
    font = _font(source, 24)
    return _shape(font, letter) != _shape(font, _ABSENT)


def _shape(font: FreeTypeFont, letter: str) -> tuple[tuple[int, int], bytes]:
    mask = font.getmask(letter, mode="L")
    return mask.size, bytes(mask)


@lru_cache(maxsize=256)
def _system_font(letter: str) -> Source | None:
    """A font of the system that has a letter, or None."""
    for source in (*_by_fontconfig(letter), *_SYSTEM):
        try:
            if _has(source, letter):
                return source
        except OSError:
            continue
    return None


def _by_fontconfig(letter: str) -> Sequence[str]:
    """The file that fontconfig proposes for a letter, where it is installed."""
    program = shutil.which("fc-match")
    if program is None:
        return ()
    command = [program, "--format", "%{file}", f":charset={ord(letter):x}"]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=20
    )
    return (done.stdout.decode(errors="replace"),) if done.stdout else ()
