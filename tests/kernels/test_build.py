"""The kernels compile to one library, which appears complete or not at all."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from genart.kernels import build as building
from genart.kernels.build import BuildError, build, file_name, others
from genart.kernels.interface import Library

needs_compiler = pytest.mark.skipif(
    not any(map(shutil.which, ("cc", "gcc", "clang", "c++"))), reason="no compiler"
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("kernels"))


@pytest.fixture
def compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A compiler that does nothing but fail, with a message."""
    path = tmp_path / "broken-cc"
    path.write_text("#!/bin/sh\necho cannot execute cc1plus >&2\nexit 4\n")
    path.chmod(0o755)
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("CC", f"{path} -x")
    return path


def test_a_failing_compiler_is_named_with_its_message(compiler: Path, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"cannot execute cc1plus") as caught:
        build(tmp_path / "out")
    assert str(compiler) in str(caught.value)
    assert "Install gcc or clang, or set CXX" in str(caught.value)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_compiler_that_is_a_package_of_python_is_found_while_pip_builds(
    compiler: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiler.write_text('#!/bin/sh\necho "path is [$PYTHONPATH]" >&2\nexit 1\n')
    monkeypatch.setenv("PYTHONPATH", "the folder that pip sets")
    with pytest.raises(BuildError, match=r"path is \[\]"):
        build(tmp_path / "out")


def test_no_compiler_at_all_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CC", "CXX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BuildError, match="Install gcc or clang"):
        build(tmp_path)


def test_a_folder_that_is_a_file_is_a_build_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BuildError, match="cannot be written"):
        build(tmp_path / "file")


def test_the_name_changes_with_the_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = file_name()
    shutil.copytree(building.SOURCES, tmp_path / "src")
    monkeypatch.setattr(building, "SOURCES", tmp_path / "src")
    building._digest.cache_clear()
    try:
        assert file_name() == before
        building._digest.cache_clear()
        with (tmp_path / "src" / "kernels.h").open("a") as file:
            file.write("// changed\n")
        after = file_name()
    finally:
        building._digest.cache_clear()
    assert after != before
    assert others(tmp_path / after) == []
    (tmp_path / before).touch()
    assert others(tmp_path / after) == [tmp_path / before]


@pytest.mark.parametrize(
    ("macros", "target"),
    [
        ("#define __x86_64__ 1\n#define __linux__ 1\n", ("linux", "x86_64")),
        ("#define __aarch64__ 1\n#define __linux__ 1\n", ("linux", "aarch64")),
        ("#define __APPLE__ 1\n#define __aarch64__ 1\n", ("macos", "aarch64")),
        ("#define _WIN32 1\n#define __x86_64__ 1\n#define __clang__ 1\n", ("windows", "x86_64")),
    ],
)
def test_the_compiler_says_for_which_system_it_compiles(
    macros: str, target: tuple[str, str]
) -> None:
    assert building._target(macros) == target


def test_gcc_for_windows_is_refused() -> None:
    with pytest.raises(BuildError, match="need clang, not gcc"):
        building._target("#define _WIN32 1\n#define __x86_64__ 1\n#define __GNUC__ 13\n")


@pytest.mark.parametrize(
    ("platform", "machine", "name"),
    [
        ("linux", "x86_64", "kernels-linux-x86_64-"),
        ("darwin", "arm64", "kernels-macos-aarch64-"),
        ("win32", "AMD64", "kernels-windows-x86_64-"),
    ],
)
def test_python_names_a_system_as_the_compiler_does(
    platform: str, machine: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.setattr("platform.machine", lambda: machine)
    assert file_name().startswith(name)


def test_it_is_loaded_by_its_path_without_genart() -> None:
    code = (
        "import runpy, sys; found = runpy.run_path(sys.argv[1]); print(found['file_name']());"
        "print([name for name in sys.modules if name.startswith(('genart', 'torch', 'numpy'))])"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code, building.__file__],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split("\n")[:2] == [file_name(), "[]"]


@needs_compiler
@pytest.mark.slow
def test_the_library_has_every_level_of_this_processor(built: Path) -> None:
    found = Library(built)
    assert found.levels[0] == "baseline"
    assert (found.level, found.number) == (found.levels[-1], len(found.levels) - 1)
    assert [Library(built, level).number for level in found.levels] == [*range(len(found.levels))]


@needs_compiler
@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the driver needs dlopen")
def test_every_level_computes_what_plain_loops_compute(built: Path, tmp_path: Path) -> None:
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang", "c++"))))
    source, driver = Path(__file__).parent / "driver.cpp", tmp_path / "driver"
    words = [compiler, "-std=c++17", "-O1", source, "-o", driver, "-ldl", "-lm"]
    subprocess.run(words, check=True)
    done = subprocess.run([driver, built], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count(": tested") == len(Library(built).levels)


@needs_compiler
@pytest.mark.slow
def test_nobody_else_can_write_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        made = build(tmp_path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(made.stat().st_mode) == 0o755
    assert list(tmp_path.iterdir()) == [made]


@needs_compiler
@pytest.mark.slow
def test_a_library_that_fails_its_check_gets_no_name(tmp_path: Path) -> None:
    def reject(path: Path) -> None:
        assert Library(path).levels
        raise BuildError("it does not compute")

    with pytest.raises(BuildError, match="does not compute"):
        build(tmp_path, reject)
    assert list(tmp_path.iterdir()) == []


@needs_compiler
@pytest.mark.slow
def test_sources_that_change_while_they_are_compiled_make_no_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = building._compiled

    def compile_and_change(compiler: list[str], target: tuple[str, str], inside: Path) -> Path:
        monkeypatch.setattr(building, "_FLAGS", (*building._FLAGS, "-Os"))
        return compiled(compiler, target, inside)

    monkeypatch.setattr(building, "_compiled", compile_and_change)
    with pytest.raises(BuildError, match="changed while they were compiled"):
        build(tmp_path)
    assert list(tmp_path.iterdir()) == []
