"""The library is found, loaded at first use, checked, and switched off by GENART_NATIVE."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from genart.errors import UsageError
from genart.kernels import library as module
from genart.kernels.build import file_name
from genart.kernels.library import describe, library


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder that stands for the package's, an empty cache folder, nothing loaded yet."""
    folder = tmp_path / "package"
    folder.mkdir()
    monkeypatch.setattr(module, "package_folder", lambda: folder)
    monkeypatch.setenv("GENART_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("GENART_NATIVE", "auto")
    module._opened.cache_clear()
    yield folder
    module._opened.cache_clear()


def test_a_wrong_value_lists_those_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENART_NATIVE", "on")
    for function in (library, describe):
        with pytest.raises(UsageError, match="auto, off, baseline, avx2, avx512; not on"):
            function()


def test_off_uses_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENART_NATIVE", "off")
    assert library() is None
    assert describe() == "not used: GENART_NATIVE=off"


def test_without_a_library_one_line_says_how_to_get_it(
    package: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert library() is None
    assert "python -m genart.kernels" in describe()
    assert "\n" not in describe()
    assert caplog.records == []  # an installation without a compiler is no fault


def test_a_level_that_is_asked_for_must_be_there(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENART_NATIVE", "avx2")
    with pytest.raises(UsageError, match=r"GENART_NATIVE=avx2.*python -m genart.kernels"):
        library()


def test_a_library_of_other_sources_is_not_used_and_one_line_says_so(
    package: Path, caplog: pytest.LogCaptureFixture
) -> None:
    name = file_name()
    (package / name.replace(name[-19:-3], "0123456789abcdef")).touch()
    assert library() is None
    assert library() is None
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "other sources; run: python -m genart.kernels" in caplog.messages[0]
    assert "other sources; run: python -m genart.kernels" in describe()


def test_a_file_that_is_no_library_is_not_used(
    package: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (package / file_name()).write_bytes(b"no library")
    assert library() is None
    assert file_name() in caplog.text


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="files have no owner")
def test_a_library_in_the_cache_that_others_can_write_is_never_loaded(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[Path] = []
    monkeypatch.setattr(module, "Library", lambda path, level: loaded.append(path))
    monkeypatch.setattr("genart.kernels.library.is_right", lambda found: True)
    path = module.user_folder() / file_name()
    path.parent.mkdir(parents=True)
    path.touch(0o700)
    path.chmod(0o722)
    library()
    assert loaded == []
    path.chmod(0o755)
    module._opened.cache_clear()
    library()
    assert loaded == [path]


def test_nothing_is_loaded_before_first_use() -> None:
    code = (
        "import sys, genart.cli; genart.cli.run(['--help']);"
        "sys.exit(any('genart.kernels' in name for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("writable", [True, False])
def test_the_command_builds_into_the_package_or_the_cache(
    package: Path,
    writable: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from genart.kernels import __main__ as command

    monkeypatch.setattr(command, "package_folder", lambda: package)
    monkeypatch.setattr(command, "_is_writable", lambda folder: writable)
    old = package / file_name().replace(file_name()[-19:-3], "0123456789abcdef")
    old.touch()
    assert command.main() == 0
    made = (package if writable else module.user_folder()) / file_name()
    assert old.exists() is not writable
    assert str(made) in capsys.readouterr().out
    found = library()
    assert found is not None
    assert found.path == made


@pytest.mark.slow
def test_the_command_without_a_compiler_ends_with_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from genart.kernels import __main__ as command

    monkeypatch.setattr(command, "package_folder", lambda: tmp_path)
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("CC", "false")
    assert command.main() == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
