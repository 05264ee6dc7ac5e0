"""Programs in other languages play `genart live`: a Param, a cue, a value read back, a bundle."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Timer

import pytest
from support.performing import Performance

CLIENTS = Path(__file__).parent / "clients"
DOCS = Path(__file__).parents[3] / "docs"
TRUNCATION = "/genart/model/truncation"
#: Where `npm install --prefix .venv osc` puts it, beside wherever the user keeps it.
NODE_PATH = os.pathsep.join(
    [str(Path(sys.prefix) / "node_modules"), os.environ.get("NODE_PATH", "")]
)


@pytest.fixture
def performance(playing: Performance) -> Performance:
    """One that every client finds alike."""
    playing.send(TRUNCATION, 0.5)
    playing.send("/genart/tempo/bpm", 120.0)
    assert playing.ask(TRUNCATION) == 0.5
    return playing


def script(name: str, performance: Performance, folder: Path) -> Path:
    """A client's file as the guides print it, but for the ports."""
    text = (CLIENTS / name).read_text()
    copy = folder / name
    copy.write_text(text.replace("9000", performance.port).replace("9001", performance.feedback))
    return copy


@contextmanager
def started(*command: str | Path, **environment: str) -> Iterator[Iterable[str]]:
    """What a program prints, line by line; it and its children are ended after a minute at most."""
    program = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        text=True, errors="replace", env={**os.environ, **environment}, start_new_session=True,
    )  # fmt: skip

    def end() -> None:
        with suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGKILL)

    patience = Timer(60, end)
    patience.start()
    try:
        yield program.stdout or ()
    finally:
        patience.cancel()
        end()
        program.communicate()


def hears(*command: str | Path, wanted: list[float], **environment: str) -> None:
    """Run a program until it has printed these values of the truncation."""
    values: list[float] = []
    with started(*command, **environment) as lines:
        for line in lines:
            print(line, end="")  # for whoever reads a failure
            if found := re.search(r"model[/ ]truncation[ ,f]+([\d.]+)", line):
                values.append(float(found[1]))
            if values[-len(wanted) :] == wanted:
                return
    assert values == wanted


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not shutil.which(program), reason=f"{program} is not installed")


@needs("oscsend")
def test_liblo_plays(performance: Performance, tmp_path: Path) -> None:
    hears("bash", script("send.sh", performance, tmp_path), wanted=[0.25, 1.0, 0.25])
    assert performance.ask("/genart/status/cue") == "quiet"


@needs("pd")
def test_pure_data_plays(performance: Performance, tmp_path: Path) -> None:
    patch = script("send.pd", performance, tmp_path)
    hears("pd", "-nogui", "-noaudio", "-open", patch, "-send", "play bang", wanted=[0.25])
    assert performance.ask("/genart/status/cue") == "quiet"


@needs("node")
def test_node_plays(performance: Performance, tmp_path: Path) -> None:
    environment = {**os.environ, "NODE_PATH": NODE_PATH}
    found = subprocess.run(["node", "-e", "require('osc')"], env=environment, capture_output=True)
    if found.returncode:
        pytest.skip("Node has no osc: npm install --prefix .venv osc")
    client = script("send.js", performance, tmp_path)
    hears("node", client, wanted=[0.25, 0.25, 0.75], NODE_PATH=NODE_PATH)
    assert performance.ask("/genart/tempo/bpm") == 90.0


@needs("sclang")
def test_supercollider_plays(performance: Performance, tmp_path: Path) -> None:
    environment = {"QT_QPA_PLATFORM": "offscreen", "QTWEBENGINE_DISABLE_SANDBOX": "1"}
    client = script("send.scd", performance, tmp_path)
    hears("sclang", client, wanted=[0.25, 0.25, 0.75], **environment)
    assert performance.ask("/genart/tempo/bpm") == 90.0


@pytest.mark.parametrize("name", ["send.sh", "send.js", "send.scd"])
def test_the_guides_print_what_was_tried(name: str) -> None:
    guides = [path.read_text() for path in DOCS.rglob("*.md")]
    assert any((CLIENTS / name).read_text() in guide for guide in guides)
