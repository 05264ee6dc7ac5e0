"""The packages: their metadata, the wheel used alone, the source archive whose tests run."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from email import message_from_string
from email.message import Message
from pathlib import Path

import pytest

import genart
from genart.kernels.build import file_name

ROOT = Path(__file__).parents[2]
BUILD = "import setuptools.build_meta as b, sys; b.build_sdist(sys.argv[1])"
RELATIVE = re.compile(r"\]\((?!https?://|mailto:|#)[^)]*\)")


def run(folder: Path, *words: object, **environment: str) -> str:
    """What this Python prints for a command line in a folder."""
    done = subprocess.run(
        [sys.executable, *map(str, words)], capture_output=True, text=True, cwd=folder,
        env={**os.environ, "PYTHONPATH": "", **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def listed() -> list[str]:
    """Every file that git knows here."""
    done = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip("no git checkout")
    return [name for name in done.stdout.splitlines() if (ROOT / name).is_file()]


@dataclass(frozen=True)
class Packages:
    """The two packages, made from a copy of the checkout; the wheel from the unpacked archive."""

    archive: Path
    unpacked: Path
    wheel: Path

    def metadata(self) -> Message:
        with zipfile.ZipFile(self.wheel) as wheel:
            (name,) = [name for name in wheel.namelist() if name.endswith("/METADATA")]
            return message_from_string(wheel.read(name).decode())


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Packages:
    source, made = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("dist")
    for name in listed():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, source / name)
    run(source, "-c", BUILD, made)
    (archive,) = made.glob("*.tar.gz")
    unpacked = unpack(archive, made)
    return Packages(archive, unpacked, built_wheel(unpacked, made))


def built_wheel(source: Path, folder: Path, **environment: str) -> Path:
    """The wheel of a source tree."""
    run(source, "-c", BUILD.replace("sdist", "wheel"), folder, **environment)
    (wheel,) = folder.glob("*.whl")
    return wheel


def unpack(archive: Path, folder: Path) -> Path:
    """The folder that a source archive makes."""
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    (unpacked,) = [each for each in folder.iterdir() if each.is_dir()]
    return unpacked


def described(readme: str, source: str) -> str:
    setup: Mapping[str, object] = runpy.run_path(str(ROOT / "setup.py"))
    return setup["description"](readme, source)  # type: ignore[operator, no-any-return]


def test_links_of_the_description_are_absolute_where_there_is_an_address() -> None:
    text = "![A loop](docs/loop.webp) [Live](docs/live.md#page) [site](https://example.org)"
    assert described(text, "https://example.org/genart") == (
        "![A loop](https://example.org/genart/raw/HEAD/docs/loop.webp) "
        "[Live](https://example.org/genart/blob/HEAD/docs/live.md#page) "
        "[site](https://example.org)"
    )


def test_the_description_has_no_relative_link_without_an_address() -> None:
    text = described((ROOT / "README.md").read_text(), "")
    assert RELATIVE.findall(text) == []
    assert "genart render" in text


def test_every_place_names_the_same_version() -> None:
    cited = re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(), re.M)
    assert cited
    assert cited[1] == genart.__version__


def test_every_extra_is_explained() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    page = (ROOT / "docs" / "installation.md").read_text()
    assert [name for name in project["optional-dependencies"] if f"`{name}`" not in page] == []


@pytest.mark.slow
def test_the_metadata_is_complete(packages: Packages) -> None:
    found = packages.metadata()
    assert found["Version"] == genart.__version__
    assert found["Author"] == "The genart contributors"
    assert found["Keywords"]
    assert "Topic :: Artistic Software" in found.get_all("Classifier", [])
    assert found["Description-Content-Type"] == "text/markdown"
    assert RELATIVE.findall(found.get_payload()) == []  # type: ignore[arg-type]


@pytest.mark.slow
def test_the_source_archive_holds_every_file_of_the_repository(packages: Packages) -> None:
    with tarfile.open(packages.archive) as packed:
        inside = {name.partition("/")[2] for name in packed.getnames()}
    assert sorted(set(listed()) - inside) == []


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("cc"), reason="no compiler")
def test_the_wheel_has_the_kernels_of_this_system_for_every_python(packages: Packages) -> None:
    assert "-py3-none-" in packages.wheel.name
    assert "-any" not in packages.wheel.name
    with zipfile.ZipFile(packages.wheel) as wheel:
        assert f"genart/kernels/{file_name()}" in wheel.namelist()


@pytest.mark.slow
def test_without_a_compiler_the_wheel_fits_every_system(packages: Packages, tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(packages.unpacked, source, ignore=shutil.ignore_patterns("build"))
    wheel = built_wheel(source, tmp_path, CXX="false")
    assert wheel.name.endswith("-py3-none-any.whl")
    with zipfile.ZipFile(wheel) as made:
        assert [name for name in made.namelist() if name.endswith((".so", ".dll"))] == []


@pytest.mark.slow
def test_the_wheel_renders_outside_of_the_checkout(packages: Packages, tmp_path: Path) -> None:
    run(
        tmp_path, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--ignore-installed",
        "--disable-pip-version-check", "--prefix", tmp_path / "installed", packages.wheel,
    )  # fmt: skip
    (package,) = (tmp_path / "installed").rglob("genart/__init__.py")
    path = str(package.parents[1])
    where = run(tmp_path, "-c", "import genart; print(genart.__file__)", PYTHONPATH=path)
    assert where.startswith(path)
    words = ("-m", "genart", "render", "--seconds", "0.2", "--size", "64", "-o", "loop.mp4")
    run(tmp_path, *words, PYTHONPATH=path)
    assert (tmp_path / "loop.mp4").stat().st_size > 1000


@pytest.mark.slow
def test_the_tests_of_the_source_archive_run(packages: Packages, tmp_path: Path) -> None:
    unpacked = unpack(packages.archive, tmp_path)
    path = os.pathsep.join(map(str, (unpacked, unpacked / "plugins")))
    pytest_ = ("-m", "pytest", "-p", "no:cacheprovider")
    there = run(unpacked, *pytest_, "--collect-only", PYTHONPATH=path)
    here = run(ROOT, *pytest_, "--collect-only", PYTHONPATH=os.environ.get("PYTHONPATH", ""))
    assert there.count("::") == here.count("::") > 1000
    sample = ("tests/test_params.py", "tests/latents", "tests/rendering/test_stylize.py")
    run(unpacked, *pytest_, *sample, PYTHONPATH=path)
