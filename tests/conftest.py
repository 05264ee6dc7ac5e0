"""What several tests share: a weightless model, a plug-in written on the spot, a command run."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.outcome import Outcome

if TYPE_CHECKING:
    from support.performing import Performance

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # what a shell starts in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def entry_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, str], EntryPoint]:
    """A function that writes a plug-in's source to a module and returns its entry point."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(name: str, source: str) -> EntryPoint:
        module = f"stranger_{name}"
        monkeypatch.delitem(sys.modules, module, raising=False)
        (tmp_path / f"{module}.py").write_text(source)
        return EntryPoint(name, module, "genart")

    return write


@pytest.fixture(params=["baseline", "avx2", "avx512"])
def level(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every level of the kernels that this processor can run."""
    from genart.kernels.library import library

    monkeypatch.setenv("GENART_NATIVE", "auto")
    found = library()
    if found is None:
        pytest.skip("no library of kernels: python -m genart.kernels builds it")
    if request.param not in found.levels:
        pytest.skip(f"this processor has {', '.join(found.levels)}")
    monkeypatch.setenv("GENART_NATIVE", request.param)
    return str(request.param)


@pytest.fixture
def kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library of kernels, at its fastest level."""
    from genart.kernels.library import library

    monkeypatch.setenv("GENART_NATIVE", "auto")
    if library() is None:
        pytest.skip("no library of kernels: python -m genart.kernels builds it")


@pytest.fixture(scope="session")
def playing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Performance]:
    """One `genart live` for every test that meets it from outside: starting takes seconds."""
    from support.performing import Performance

    made = Performance(tmp_path_factory.mktemp("stage"))
    yield made
    made.close()


@pytest.fixture
def genart_command(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """A function that runs `genart ARGUMENT...` in this process."""
    from genart.cli import run

    def command(*arguments: object) -> Outcome:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        return Outcome(code, *capsys.readouterr())

    return command
