"""Plain words: documentation, help texts, messages, docstrings and comments use the field's terms.

`docs/glossary.md` defines the terms. Each entry below is a word that readers could not understand,
with the word to use instead. Python code is not checked, only its comments and texts.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

BANNED = {
    r"\bin (its|their|his|her|our|\w+'s?) st[e]ad\b": "replaces",
    r"may come in\b": "checks a request",
    r"\bwish[ ]that\b": "request",
    r"\b(un)?told\b": "logged, reported",
    r"\bis said\b|\bsaid (once|so|of)\b|\bwhat was said\b": "logged, reported",
    r"\bbrought\b": "bundled, scaled, converted",
    r"\bcomes? along\b|\bcame along\b": "included",
    r"\bthe robot\b": "CI",
    r"\bthe house\b": "contribution guidelines",
    r"\bturned\b": "set, changed, rotated",
    r"\bturns? (a|any|every|each|the) (Param|fader|value|knob)\b": "set, change",
    r"(?<!in )\bplaces?\b(?!:)": "latent, position",
    r"\b(on|the|a) stage('s)?\b": "live, settings",
    r"\bbackstage\b": "in the background",
    r"\brungs?\b|\bquality ladder\b": "quality level",
    r"\bjudge[sd]?\b(?!:)|\bjudging\b": "discriminator, loss network",
    r"\bgrain\b": "noise",
    r"\bin whatever company\b|\bits company\b": "independent of the batch",
    r"\bours\b(?!:)|\bour own\b": "genart's",
    r"\banew\b(?!:)": "again",
    r"\bmishaps?\b": "error",
    r"\bis no [a-z]+ to\b": "is not",
    r"(?<!/)\bpictures?\b(?![:.])": "image, frame",
    r"\bwhole or not (there|at all)\b": "complete",
}


def comments_and_texts(path: Path) -> Iterator[tuple[int, str]]:
    """Line by line: comments, docstrings and texts with spaces, without code inside f-strings."""
    with tokenize.open(path) as file:
        source = file.read()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT or (
            token.type == tokenize.STRING and " " in token.string
        ):
            text = token.string
            if re.match(r"[rR]?[fF]", text):
                text = re.sub(r"\{[^{}]*\}", "", text)
            yield from enumerate(text.splitlines(), token.start[0])


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a page with their numbers; code and addresses of links are left out."""
    code = False
    for number, line in enumerate(path.read_text().splitlines(), 1):
        code ^= line.lstrip().startswith("```")
        if not code:
            yield number, re.sub(r"`[^`]*`|\]\([^)]*\)", "", line)


def pages() -> list[Path]:
    """Every page of the documentation and every model card."""
    folders = [ROOT / "docs", ROOT / "plugins"]
    return sorted([*ROOT.glob("*.md"), *(page for each in folders for page in each.rglob("*.md"))])


def modules() -> list[Path]:
    """Every module of the core, the plug-ins, the sketches and the scripts of the documentation."""
    folders = [ROOT / name for name in ("genart", "plugins", "sketches", "docs/scripts")]
    return sorted(module for each in folders for module in each.rglob("*.py"))


def found(lines: Iterator[tuple[int, str]]) -> list[str]:
    """The banned words in some lines: the line, the word, and what to write."""
    return [
        f"{number}: {match[0]!r}, write: {instead}"
        for number, line in lines
        for pattern, instead in BANNED.items()
        for match in re.finditer(pattern, line, re.IGNORECASE)
    ]


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_uses_plain_words(page: Path) -> None:
    assert found(prose(page)) == []


@pytest.mark.parametrize("module", modules(), ids=lambda module: str(module.relative_to(ROOT)))
def test_a_module_uses_plain_words(module: Path) -> None:
    assert found(comments_and_texts(module)) == []
