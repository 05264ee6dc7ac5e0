"""Every block of code of README, CONTRIBUTING and docs/ runs, or says why it does not."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pytest
from pythonosc.udp_client import UDPClient
from support.doc_files import write_files
from support.doc_pages import PAGES, ROOT, Block, blocks

from genart.bending.bend import parse_bends
from genart.mapping.mapping_file import parse_mapping
from genart.playback.settings import Settings
from genart.plugins import registry

#: The options that make a documented command small enough for a test, by the command's words.
SMALL = {
    "render": {"--seconds": "0.2", "--fps": "10", "--size": "32"},
    "live": {"--seconds": "0.2", "--osc": "127.0.0.1:0", "--web": "127.0.0.1:0"},
    "mix": {"--seconds": "0.2", "--fps": "10"},
    "layers": {"--seconds": "0.2", "--fps": "10"},
    "promo": {"--size": "64x36", "--fps": "10", "--crossfade": "0.05", "--card": "0.2",
              "--still": "0.2"},
    "invert": {"--steps": "2"},
    "invert --method pivotal": {"--steps": "2", "--tuning": "2"},
    "stylize": {"--size": "64"},
    "stylize --style wave.jpg": {"--size": "64", "--steps": "2"},
    "directions": {"--count": "4"},
    "directions --method pca": {"--count": "1", "--samples": "64"},
    "directions --method contrast": {},
    "train stylegan2": {"--kimg": "0.008", "--batch": "4", "--resolution": "16",
                        "--channel-max": "8"},
    "train cyclegan": {"--epochs": "1", "--decay": "0", "--filters": "4", "--critic-filters": "4",
                       "--resolution": "32", "--blocks": "1"},
    "train pix2pix": {"--epochs": "1", "--decay": "0", "--filters": "4", "--critic-filters": "4",
                      "--resolution": "32", "--levels": "5"},
    "train fast": {"--steps": "2", "--width": "8", "--crop": "48", "--style-size": "64"},
    "train encoder": {"--samples": "32", "--memory": "32", "--batch": "8", "--width": "16"},
}  # fmt: skip
#: What becomes smaller in Python, in the scenes of a promo film, and in options that stay.
SMALLER = {
    r"\bseconds=\d+": "seconds=0.2",
    r"\bsteps=\d+": "steps=2",
    r"\bcount=\d+": "count=4",
    r'"gatys", style': '"gatys", steps=2, style',
    r"\bcrossfade=[\d.]+": "crossfade=0.05",
    r"\bsize=\d{3,}": "size=64",
    r"\bfps=\d+": "fps=10",
    r"\bwindow=True": "window=False",
    r"--beats \d+": "--beats 1",
}


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that the pages expect their reader to have."""
    folder = tmp_path_factory.mktemp("files")
    write_files(folder)
    return folder


def smaller(text: str) -> str:
    """The text with shorter films and fewer steps."""
    for found, put in SMALLER.items():
        text = re.sub(found, put, text)
    return text


def shrunken(words: list[str]) -> list[str]:
    """A command with the options of SMALL in place of its own values."""
    words = shlex.split(smaller(shlex.join(words)))
    for option, value in small_options(words).items():
        if option == "--seconds" and ("--beats" in words or "--show" in words):
            continue
        if option in words:
            words[words.index(option) + 1] = value
        else:
            words += [option, value]
    if words[0] == "live":
        words = [word for word in words if word not in ("--fullscreen", "--window")]
        words = [re.sub(r"^[\d.]+:9001$", "127.0.0.1:9", word) for word in words] + ["--headless"]
    return words


def small_options(words: list[str]) -> dict[str, str]:
    """The entry of SMALL for a command, by the kind or the method that it names."""
    kinds = [" ".join([words[0], *pair]) for pair in pairwise(words)]
    names = [*kinds, " ".join(words[:2]), words[0]]
    return next((SMALL[name] for name in names if name in SMALL), {})


class Shell:
    """Does what shell blocks say, in the working folder."""

    def __init__(self, genart_command: Callable[..., Any]) -> None:
        self.genart = genart_command

    def run(self, block: Block, words: list[str]) -> None:
        """One command: of genart in this process, of other programs as far as that is safe."""
        while re.match(r"\w+=", words[0]):
            words = words[1:]
        if words[0] == "genart":
            if block.runs(words):
                done = self.genart(*shrunken(words[1:]))
                assert done.code == 0, f"{block.where}: {shlex.join(words)}\n{done.err}"
            else:
                parse(block, words)
        elif words[0] in ("cp", "mkdir"):
            subprocess.run(words, check=True)
        else:
            assert not block.runs(words) or known(words), f"{block.where}: {words[0]}: say why not"


def known(words: list[str]) -> bool:
    """Whether a command of another program names what this project has."""
    if words[0] == "make":
        return f"\n{words[1]}:" in (ROOT / "Makefile").read_text()
    if words[:2] == ["pip", "install"]:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        found = re.fullmatch(r"(?:genart|\.)(?:\[([\w,]+)\])?", words[-1])
        return bool(found) and {*(found[1] or "dev").split(",")} <= {
            *project["optional-dependencies"]
        }
    scripts = [word for word in words if word.endswith(".py") or word == ".ci/run"]
    return bool(scripts) and all((ROOT / script).is_file() for script in scripts)


def parse(block: Block, words: list[str]) -> None:
    """Check the options of a command of genart without running it."""
    name, rest = words[1], words[2:]
    command = registry("command").create(name)
    try:
        context = command.make_context(name, list(rest))
        if isinstance(command, click.Group) and rest:
            name, command, rest = command.resolve_command(context, list(rest))
            command.make_context(name, rest, parent=context)
    except click.ClickException as error:
        pytest.fail(f"{block.where}: {shlex.join(words)}: {error.format_message()}")


def keep(block: Block) -> None:
    """Write a block that is a file; a mapping or bends must be valid."""
    path = Path(block.file)
    path.write_text(block.text)
    content = tomllib.loads(block.text)
    if "map" in content:
        parse_mapping(block.text, Settings().tree(), path, waiting=lambda line: None)
    elif "bend" in content:
        parse_bends(str(path))


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_a_page_does_what_it_says(
    page: str, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    genart_command: Callable[..., Any],
) -> None:  # fmt: skip
    shutil.copytree(files, tmp_path / "at", copy_function=shutil.copyfile)
    monkeypatch.chdir(tmp_path / "at")
    monkeypatch.setattr("genart.editing.calibration._TRIES", 1)  # a rough unit will do
    monkeypatch.setenv("GENART_CACHE", str(tmp_path / "cache"))
    shell, module = Shell(genart_command), ModuleType("docs_page")
    monkeypatch.setitem(sys.modules, "docs_page", module)  # what a dataclass looks for
    for block in filter(lambda block: block.file, blocks(page)):
        keep(block)
    for block in filter(lambda block: not block.file, blocks(page)):
        if block.language == "sh":
            for words in block.commands():
                shell.run(block, words)
        elif block.language == "python" and (block.words or not block.not_run):
            source = "\n" * (block.line - 1) + smaller(block.program())
            exec(compile(source, page, "exec"), vars(module))
    for value in vars(module).values():
        if isinstance(value, UDPClient):  # a script closes it when it ends
            value.close()


@pytest.mark.parametrize("page", PAGES)
def test_every_block_runs_is_a_file_or_says_why_not(page: str) -> None:
    for block in blocks(page):
        runs = block.language in ("sh", "python", "text") or block.file or block.not_run
        assert runs, f"{block.where}: a {block.language or 'nameless'} block"


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_page_has_the_options_it_is_given(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(click.Path, "convert", lambda self, value, param, ctx: Path(value))
    for block in blocks(page):
        for words in block.commands() if block.language == "sh" else ():
            while re.match(r"\w+=", words[0]):
                words = words[1:]
            if words[0] == "genart":
                parse(block, words)


def test_few_blocks_are_not_run() -> None:
    every = [block for page in PAGES for block in blocks(page)]
    whole = [block.where for block in every if block.not_run and not block.words]
    assert len(whole) <= 25, whole
    assert sum(block.language in ("sh", "python") for block in every) >= 80
