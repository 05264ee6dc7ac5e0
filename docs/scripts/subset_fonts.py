"""Make the fonts of genart/media/font_files from the fonts of Debian 12.

Needs fonttools and the packages fonts-noto-core, fonts-noto-cjk and fonts-droid-fallback:
`python docs/scripts/subset_fonts.py /usr/share/fonts`
"""

from __future__ import annotations

import lzma
import sys
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from fontTools import subset
from fontTools.ttLib import TTFont

FOLDER = Path(__file__).resolve().parents[2] / "genart" / "media" / "font_files"
SANS = [
    (0x20, 0x7E), (0xA0, 0x24F), (0x2B0, 0x36F), (0x370, 0x3FF), (0x400, 0x52F), (0x1E00, 0x1EFF),
    (0x2000, 0x209C), (0x20A0, 0x20C0), (0x2100, 0x218B),
]  # fmt: skip
KANA = [(0x3000, 0x303F), (0x3041, 0x30FF), (0xFF01, 0xFF5E), (0xFFE0, 0xFFE6)]
SCRIPTS = ("Hebrew", "Arabic", "Devanagari", "Bengali", "Tamil", "Thai", "Armenian", "Georgian")


def main(fonts: Path) -> None:
    """Write every font."""
    write(found(fonts, "NotoSans-Regular.ttf"), "noto-sans.ttf", letters(SANS))
    for script in SCRIPTS:
        source = found(fonts, f"NotoSans{script}-Regular.ttf")
        write(source, f"noto-sans-{script.lower()}.ttf", TTFont(source).getBestCmap())
    chinese = {*encoded("euc_jp", 0xB0, 0xD0), *encoded("gb2312", 0xB0, 0xD8)}
    droid = found(fonts, "DroidSansFallbackFull.ttf")
    write(droid, "droid-sans-fallback.ttf", [*letters(KANA), *chinese])
    korean = found(fonts, "NotoSansCJK-Regular.ttc")
    write(korean, "noto-sans-kr.otf", encoded("euc_kr", 0xB0, 0xC9), number=1)


def found(folder: Path, name: str) -> Path:
    """The file of a font."""
    return next(folder.rglob(name))


def letters(ranges: Iterable[tuple[int, int]]) -> list[int]:
    """The code points of ranges, the last included."""
    return [each for first, last in ranges for each in range(first, last + 1)]


def encoded(encoding: str, first: int, end: int) -> set[int]:
    """The letters of some rows of a standard of two bytes."""
    pairs = (bytes([row, cell]) for row in range(first, end) for cell in range(0xA1, 0xFF))
    texts = (pair.decode(encoding, "ignore") for pair in pairs)
    return {ord(text) for text in texts if len(text) == 1}


def write(source: Path, name: str, codes: Iterable[int], number: int = -1) -> None:
    """Write a subset without hinting; `number` is that of a font in a collection."""
    options = subset.Options(hinting=False, glyph_names=False, layout_features=["*"])
    options.font_number = number
    options.drop_tables += ["STAT", "meta"]
    if number >= 0:  # whole syllables need no layout
        options.layout_features = []
        options.drop_tables += ["GSUB", "GPOS", "BASE", "vhea", "vmtx", "VORG"]
    font = subset.load_font(source, options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=list(codes))
    subsetter.subset(font)
    with TemporaryDirectory() as folder:
        plain = Path(folder) / name
        subset.save_font(font, plain, options)
        packed = lzma.compress(plain.read_bytes(), preset=9 | lzma.PRESET_EXTREME)
    (FOLDER / f"{name}.xz").write_bytes(packed)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
