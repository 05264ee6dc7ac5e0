"""Titles and captions in any script."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import genart
from genart.media.text_drawing import TextPainter, title_frame

TEXTS = {
    "Latin": "Zürich, Été, “Łódź”, Việt Nam", "Cyrillic": "Ночь", "Greek": "Νύχτα",
    "Hebrew": "לילה טוב", "Arabic": "ليلة", "Devanagari": "रात", "Bengali": "রাত", "Tamil": "இரவு",
    "Thai": "กลางคืน", "Armenian": "գիշեր", "Georgian": "ღამე", "Japanese": "夜のピアノ",
    "Chinese": "简体中文", "Korean": "안녕하세요",
}  # fmt: skip
NOWHERE = "\U00100001"  # private use: no font of any system has it


@pytest.fixture(autouse=True)
def without_system_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genart.media.text_drawing._system_font", lambda letter: None)


def ink(frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns that have letters."""
    lit = frame.max(2) > 60
    return np.flatnonzero(lit.any(1)), np.flatnonzero(lit.any(0))


@pytest.mark.parametrize("script", TEXTS)
def test_the_bundled_fonts_have_the_letters_of_a_script(script: str) -> None:
    assert TextPainter(20).missing(TEXTS[script]) == []
    assert title_frame(TEXTS[script], (60, 300)).max() > 200


@pytest.mark.parametrize("letters", ["é—ж", "日本", "שם", "한글"])
def test_no_two_letters_look_the_same(letters: str) -> None:
    frames = [title_frame(letter, (40, 40)).tobytes() for letter in letters]
    assert len(set(frames)) == len(letters)


def test_a_letter_that_no_font_has_is_named() -> None:
    with pytest.raises(genart.UsageError, match=r"U\+100001.*--font"):
        title_frame(f"Night {NOWHERE}", (60, 200))


def test_right_to_left_text_begins_at_the_right() -> None:
    one, two = ink(title_frame("שלום", (40, 200)))[1], ink(title_frame("שלום 2026", (40, 200)))[1]
    assert len(two) > len(one)
    painter = TextPainter(20)
    parts = [part for part, _ in painter._parts("سلام ABC")]
    assert parts[0].strip() == "ABC", "the Latin word, which is read last, is on the left"


@pytest.mark.parametrize("size", [(360, 200), (90, 160), (200, 90)])
def test_a_title_stays_within_the_frame_and_is_wrapped_between_words(size: tuple[int, int]) -> None:
    title = "Pomological watercolours of the nineteenth century"
    rows, columns = ink(title_frame(title, size))
    assert rows[0] > 0 and rows[-1] < size[0] - 1  # noqa: PT018
    assert columns[0] > 0 and columns[-1] < size[1] - 1  # noqa: PT018
    lines = TextPainter(12).wrap(title, 100)
    assert " ".join(lines) == title
    assert len(lines) > 2


def test_east_asian_text_is_wrapped_without_spaces() -> None:
    painter = TextPainter(20)
    lines = painter.wrap("日本の水彩画の歴史" * 3, 120)
    assert len(lines) > 3
    assert all(painter.width(line) <= 120 for line in lines)


def test_line_breaks_of_a_title_are_kept() -> None:
    assert TextPainter(12).wrap("one\ntwo three", 500) == ["one", "two three"]


def test_a_font_can_be_chosen(tmp_path: Path) -> None:
    import lzma

    folder = Path(genart.__file__).parent / "media" / "font_files"
    (tmp_path / "thai.ttf").write_bytes(
        lzma.decompress((folder / "noto-sans-thai.ttf.xz").read_bytes())
    )
    plain, own = (title_frame("A ก", (60, 100), font) for font in (None, tmp_path / "thai.ttf"))
    assert own.max() > 200
    assert plain.shape == own.shape
    (tmp_path / "text.ttf").write_text("no font")
    with pytest.raises(genart.UsageError, match=r"text\.ttf is not a font"):
        title_frame("A", (60, 100), tmp_path / "text.ttf")
    with pytest.raises(genart.UsageError, match="There is no font file"):
        title_frame("A", (60, 100), tmp_path / "none.ttf")


def test_a_title_of_a_promo_is_refused_before_the_work(tmp_path: Path) -> None:
    genart.to_pil(np.zeros((32, 32, 3), np.uint8)).save(tmp_path / "a.png")
    with pytest.raises(genart.UsageError, match=r"U\+100001"):
        genart.promo([tmp_path / "a.png"], tmp_path / "o.mp4", titles=[NOWHERE], size=64, card=2)
    assert not (tmp_path / "o.mp4").exists()


def test_a_title_beyond_ascii_is_drawn(tmp_path: Path) -> None:
    image = tmp_path / "a.png"
    genart.to_pil(np.zeros((32, 32, 3), np.uint8)).save(image)
    sizes = {"size": (96, 48), "fps": 5, "crossfade": 0, "card": 0.4, "still": 0.4}
    frames = []
    for title in ("Ночь", "日本"):
        sink = genart.MemorySink()
        genart.promo([image], sink, titles=[title], **sizes)
        frames.append(sink.frames[0])
    assert not np.array_equal(*frames)


def test_every_bundled_font_has_its_licence() -> None:
    folder = Path(genart.__file__).parent / "media" / "font_files"
    names = {path.name for path in folder.iterdir()}
    assert {"LICENSE-noto-OFL-1.1.txt", "LICENSE-droid-Apache-2.0.txt", "README.md"} <= names
    assert sum(path.stat().st_size for path in folder.glob("*.xz")) < 1 << 20
