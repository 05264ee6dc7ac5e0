"""The list of questions in CONTRIBUTING.md: every answer exists and its path contains the word."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROW = re.compile(r"^\| Where .*?\*\*(?P<word>[^*\n]+)\*\*.*\| `(?P<path>[^`\n]+)` \|$", re.M)
#: Words whose files are named by another form of the same word.
FORMS = {"augmentation": "augment"}


def answers() -> list[tuple[str, str]]:
    """The word and the file of each question in CONTRIBUTING.md, in order."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    return [(match["word"], match["path"]) for match in ROW.finditer(text)]


def test_there_are_at_least_twenty_questions() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    assert len(answers()) == len(re.findall(r"^\| Where ", text, re.M)) >= 20


@pytest.mark.parametrize(("word", "path"), answers(), ids=[path for _, path in answers()])
def test_the_file_exists_and_its_name_contains_the_word(word: str, path: str) -> None:
    assert (ROOT / path).is_file()
    wanted = FORMS.get(word, word).lower().replace(" ", "_").removesuffix("s")
    assert wanted in path.lower()
