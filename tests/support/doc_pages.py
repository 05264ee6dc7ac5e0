"""The pages of README and docs/, and the fenced blocks of code on them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = {
    str(path.relative_to(ROOT)): path
    for path in [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *sorted((ROOT / "docs").rglob("*.md")),
    ]
}
#: A line of HTML before a block: why it is not run, or the file that its text is.
_NOTE = re.compile(r"<!-- (?P<kind>not run|file)(?: \((?P<words>[^)]*)\))?: (?P<text>.+?) -->$")
_FENCE = re.compile(r"^ *```(\w*)$")


@dataclass(frozen=True)
class Block:
    """One fenced block.

    Args:
        page: the page, from the root of the checkout.
        line: the line of its first line of code, from 1.
        language: the word after the fence.
        text: the code.
        not_run: the reason why it is not run here, or "".
        words: the commands that `not_run` is about, by any of these words; empty: all of it.
        file: the name of the file that the text is, or "".
    """

    page: str
    line: int
    language: str
    text: str
    not_run: str = ""
    words: tuple[str, ...] = ()
    file: str = ""

    @property
    def where(self) -> str:
        """The page and the line."""
        return f"{self.page}:{self.line}"

    def program(self) -> str:
        """A Python block without the lines that are not run."""
        lines = self.text.splitlines()
        return "\n".join("" if any(word in line for word in self.words) else line for line in lines)

    def commands(self) -> list[list[str]]:
        """The words of every command of a shell block, without comments."""
        joined = self.text.replace("\\\n", " ")
        lines = (shlex.split(line, True) for line in joined.splitlines())
        return [words[: words.index(">")] if ">" in words else words for words in lines if words]

    def runs(self, words: list[str]) -> bool:
        """Whether a command of this block is run, or only parsed."""
        if not self.not_run:
            return True
        text = shlex.join(words)
        return bool(self.words) and not any(word in text for word in self.words)


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page, in order."""
    return list(_blocks(page, PAGES[page].read_text(encoding="utf-8").splitlines()))


def _blocks(page: str, lines: list[str]) -> Iterator[Block]:
    start, language, note = 0, "", ""
    for number, line in enumerate(lines, 1):
        fence = _FENCE.match(line)
        if start:
            if line.strip() == "```":
                yield _block(page, start, language, lines[start - 1 : number - 1], note)
                start, note = 0, ""
        elif fence:
            start, language = number + 1, fence[1]
        elif line.strip():
            note = line.strip()


def _block(page: str, start: int, language: str, lines: list[str], note: str) -> Block:
    indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    text = "\n".join(line[indent:] for line in lines) + "\n"
    found = _NOTE.match(note)
    if not found:
        return Block(page, start, language, text)
    if found["kind"] == "file":
        return Block(page, start, language, text, file=found["text"])
    words = tuple(word.strip() for word in (found["words"] or "").split(",") if word.strip())
    return Block(page, start, language, text, found["text"], words)
