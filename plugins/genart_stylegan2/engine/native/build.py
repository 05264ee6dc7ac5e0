"""The kernels' library: compiled by the system's compiler, checked, then put in the cache folder.

A library gets its final name by one rename, after a separate process has loaded it and found it
right. So nobody ever sees half of one, processes may build at once, and one that crashes the
processor or computes wrongly never gets there.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from functools import lru_cache
from pathlib import Path

import torch

import genart

_SOURCES = Path(__file__).parent
_COMPILERS = ("c++", "g++", "clang++")
_FLAGS = ["-std=c++17", "-O3", "-fPIC", "-shared", "-pthread", "-w"]
_LEVELS = {
    "AVX512": ["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mavx2", "-mfma"],
    "AVX2": ["-mavx2", "-mfma"],
}
_SECONDS = 300.0  # a compiler that takes longer is given up


class BuildError(genart.GenartError):
    """The kernels could not be built here; the engine in torch does their work."""


def folder() -> Path:
    """Where libraries are kept."""
    return genart.models.cache_folder() / "native"


def level() -> str:
    """What this processor can do, in torch's words: "AVX512", "AVX2" or another."""
    return torch.backends.cpu.get_cpu_capability()


def found() -> Path | None:
    """The newest library of these sources for this processor; None where there is none."""
    try:
        files = [path for path in folder().glob(f"{_key(level())}-*.so") if _is_own(path)]
        return max(files, key=lambda path: path.stat().st_mtime, default=None)
    except OSError:
        return None


def build(level: str) -> Path:
    """Compile the library for a level, unless it is there; where it is.

    Raises:
        BuildError: no compiler, or what it made is no good.
    """
    compiler = _compiler()
    version = _run([*compiler, "--version"], "The C++ compiler does not report its version").stdout
    made_by = hashlib.sha256(" ".join([*compiler, version]).encode()).hexdigest()[:12]
    place = folder() / f"{_key(level)}-{made_by}.so"
    if place.is_file() and _is_own(place):
        return place
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix="building-") as inside:
        fresh = Path(inside) / "kernels.so"
        source = str(_SOURCES / "kernels.cpp")
        command = [*_gently(), *compiler, *_flags(level), source, "-o", str(fresh)]
        _run(command, "The kernels do not compile")
        this = [sys.executable, "-m", f"{__package__}", "--check", str(fresh)]
        _run(this, "The compiled library gives wrong results")
        fresh.chmod(0o700)  # see `_is_own`
        os.replace(fresh, place)
    return place


def _compiler() -> list[str]:
    if sys.platform == "win32":
        raise BuildError("The kernels can be built on Linux and macOS only.")
    if given := os.environ.get("CXX"):
        return shlex.split(given)
    for name in _COMPILERS:
        if path := shutil.which(name):
            return [path]
    raise BuildError(
        f"No C++ compiler: none of {', '.join(_COMPILERS)} is installed. "
        "Install one, or set CXX to yours."
    )


def _gently() -> list[str]:
    nice = shutil.which("nice")
    return [nice, "-n", "10"] if nice else []


def _flags(level: str) -> list[str]:
    x86 = platform.machine() in ("x86_64", "AMD64")
    return [*_FLAGS, *(_LEVELS.get(level, []) if x86 else [])]


def _run(command: list[str], wrong: str) -> subprocess.CompletedProcess[str]:
    """Run a command; the error of a failure contains the end of its output."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_SECONDS, errors="replace",
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BuildError(f"{wrong}: {error}.") from error
    if done.returncode:
        output = " ".join((done.stderr or done.stdout).split())[-300:]
        raise BuildError(f"{wrong} (exit {done.returncode}): {output or 'no output'}")
    return done


@lru_cache
def _key(level: str) -> str:
    """What a library's name begins with: sources, flags, processor."""
    seen = hashlib.sha256(" ".join([platform.machine(), *_flags(level)]).encode())
    for path in sorted([*_SOURCES.glob("*.cpp"), *_SOURCES.glob("*.h")]):
        seen.update(path.name.encode() + b"\0" + path.read_bytes())
    return f"{level.replace(' ', '').lower()}-{seen.hexdigest()[:16]}"


def _is_own(path: Path) -> bool:
    """Whether nobody else may write what will be run here."""
    about = path.stat()
    return about.st_uid == os.geteuid() and not about.st_mode & 0o022
