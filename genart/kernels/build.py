"""Compile the kernels to one library, with the system's C++ compiler.

`setup.py` uses this file when genart is installed, `python -m genart.kernels` afterwards. It
imports only the standard library, because `setup.py` loads it by its path before anything else is
installed.

Environment variables: `CXX` or `CC` is the compiler, with arguments; `CXXFLAGS` and `LDFLAGS` are
added to the flags.
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
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

SOURCES = Path(__file__).parent / "src"
REBUILD = "python -m genart.kernels"
_COMPILERS = ("cc", "gcc", "clang", "c++", "g++", "clang++")
_FLAGS = (
    "-std=c++17", "-O3", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics",
    "-fvisibility=hidden",
)  # fmt: skip
_AVX2 = ("-mavx2", "-mfma")
_AVX512 = ("-mavx512f", "-mavx512dq", "-mavx512bw", "-mavx512vl", *_AVX2)
#: Flags of each level, for x86-64; other processors have the first one only.
_LEVELS: dict[str, tuple[str, ...]] = {"baseline": (), "avx2": _AVX2, "avx512": _AVX512}
_SECONDS = 900.0  # a compiler that takes longer is stopped


class BuildError(RuntimeError):
    """The library could not be built; the message says why and what to do."""


def build(folder: Path, check: Callable[[Path], None] | None = None) -> Path:
    """Compile the library into a folder, and return its path.

    The file gets its final name after everything went well, by one rename: it is complete or not
    there, and several processes may build at once.

    Args:
        folder: made if it does not exist.
        check: called with the finished library before it gets its name; it raises BuildError to
            reject it.

    Raises:
        BuildError: there is no compiler, it fails, or the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix="building-") as inside:
            compiler, target = _compiler(Path(inside))
            final = folder / file_name(*target)
            fresh = _compiled(compiler, target, Path(inside))
            if _hash_of_sources() != _digest():
                raise BuildError("The sources changed while they were compiled; build again.")
            if check is not None:
                check(fresh)
            fresh.chmod(0o755)  # writable by its owner only, whatever the umask
            os.replace(fresh, final)
    except OSError as error:
        raise BuildError(f"The library of kernels cannot be written: {error}") from error
    return final


def file_name(system: str = "", machine: str = "") -> str:
    """The name of the library of these sources, for this computer unless another is given."""
    system, machine = system or _system(), machine or _machine()
    suffix = "dll" if system == "windows" else "so"
    return f"kernels-{system}-{machine}-{_digest()}.{suffix}"


def others(path: Path) -> list[Path]:
    """Libraries beside this one for the same computer, but of other sources."""
    kind = path.name.rpartition("-")[0]
    return [each for each in path.parent.glob(f"{kind}-*{path.suffix}") if each.name != path.name]


@cache
def _digest() -> str:
    """The hash of the sources as this process found them."""
    return _hash_of_sources()


def _hash_of_sources() -> str:
    """A hash of everything that the library is made from."""
    seen = hashlib.sha256(repr((_FLAGS, _LEVELS)).encode())
    for path in sorted([*SOURCES.glob("*.cpp"), *SOURCES.glob("*.h")]):
        seen.update(path.name.encode() + b"\0" + path.read_bytes())
    return seen.hexdigest()[:16]


def _compiler(inside: Path) -> tuple[list[str], tuple[str, str]]:
    """The first compiler that can compile C++, and the system and machine it compiles for."""
    given = os.environ.get("CXX") or os.environ.get("CC")
    found = [shlex.split(given)] if given else [[name] for name in _COMPILERS if shutil.which(name)]
    problem = ""
    for command in found:
        try:
            target = _target(_run([*command, "-E", "-dM", _source("library")]))
            _run([*command, *_flags(target[0]), "-c", _source("library"), "-o", inside / "try.o"])
            return command, target
        except BuildError as error:
            problem = problem or str(error)
    names = given or ", ".join(_COMPILERS)
    raise BuildError(
        f"No C++ compiler works ({names}). Install gcc or clang, or set CXX. {problem}".strip()
    )


def _target(macros: str) -> tuple[str, str]:
    """System and machine of what a compiler makes, from the macros that it defines.

    Raises:
        BuildError: gcc for Windows, whose vectors on the stack are not aligned as AVX needs
            (GCC's bug 54412): what it makes would crash.
    """
    defined = {line.split(" ")[1] for line in macros.splitlines() if line.startswith("#define ")}

    def first(known: dict[str, str], otherwise: str) -> str:
        return next((name for macro, name in known.items() if macro in defined), otherwise)

    if "_WIN32" in defined and "__clang__" not in defined:
        raise BuildError("On Windows the kernels need clang, not gcc.")
    systems = {"_WIN32": "windows", "__APPLE__": "macos", "__linux__": "linux"}
    machines = {"__x86_64__": "x86_64", "__aarch64__": "aarch64"}
    return first(systems, _system()), first(machines, _machine())


def _system() -> str:
    return {"darwin": "macos", "win32": "windows"}.get(sys.platform, sys.platform)


def _machine() -> str:
    name = platform.machine().lower()
    return {"amd64": "x86_64", "arm64": "aarch64"}.get(name, name)


def _compiled(compiler: list[str], target: tuple[str, str], inside: Path) -> Path:
    """Compile all sources at the same time, and link them."""
    system, machine = target
    levels = _LEVELS if machine == "x86_64" else {"baseline": _LEVELS["baseline"]}

    def compile_one(source: str, name: str, flags: tuple[str, ...] = ()) -> Path:
        made = inside / f"{name}.o"
        _run([*compiler, *_flags(system), *flags, "-c", _source(source), "-o", made])
        return made

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        started = [
            pool.submit(compile_one, "level", level, (*flags, f"-DGENART_LEVEL={level}"))
            for level, flags in reversed(levels.items())  # the slowest first
        ]
        started += [pool.submit(compile_one, name, name) for name in ("library", "team")]
        objects = [each.result() for each in started]
    library = inside / file_name(system, machine)
    _run([*compiler, "-shared", *_link_flags(system), *objects, "-o", library])
    return library


def _source(name: str) -> Path:
    return SOURCES / f"{name}.cpp"


def _flags(system: str) -> list[str]:
    given = shlex.split(os.environ.get("CXXFLAGS", ""))
    return [*given, *_FLAGS, *([] if system == "windows" else ["-fPIC", "-pthread"])]


def _link_flags(system: str) -> list[str]:
    needed = {"linux": ["-pthread", "-Wl,--as-needed"], "windows": ["-static-libgcc"]}
    given = [os.environ.get("CXXFLAGS", ""), os.environ.get("LDFLAGS", "")]
    return [*shlex.split(" ".join(given)), *needed.get(system, ["-pthread"])]


def _run(command: list[str | Path]) -> str:
    """What a compiler prints.

    Raises:
        BuildError: it fails; the message has the end of its output.
    """
    words = [str(word) for word in command]
    # pip hides the packages of a compiler that is one, such as ziglang, by this variable
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, timeout=_SECONDS, errors="replace",
            stdin=subprocess.DEVNULL, env=environment,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BuildError(f"{words[0]} cannot be run: {error}.") from error
    if done.returncode:
        output = " ".join((done.stderr or done.stdout).split())[-600:]
        raise BuildError(f"{words[0]} ended with exit code {done.returncode}. {output}".strip())
    return done.stdout
