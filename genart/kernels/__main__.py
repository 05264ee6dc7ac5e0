"""`python -m genart.kernels` builds the library of kernels for this installation.

It goes into the package, or, where that cannot be written, into the cache folder.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from genart.kernels.build import BuildError, build, others
from genart.kernels.library import describe, package_folder, user_folder

_CHECK = """
import pathlib, sys
from genart.kernels import check, interface
found = interface.Library(pathlib.Path(sys.argv[1]))
sys.exit(0 if check.is_right(found) else "it does not compute what torch computes")
"""


def main() -> int:
    """Build, check and describe the library; the exit code is 1 if that fails."""
    began, inside = time.monotonic(), package_folder()
    into_package = _is_writable(inside)
    try:
        path = build(inside if into_package else user_folder(), _check)
    except BuildError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for old in others(path) if into_package else ():
        old.unlink(missing_ok=True)
    sys.stdout.write(f"Built in {time.monotonic() - began:.1f} s. Kernels: {describe()}\n")
    return 0


def _is_writable(folder: Path) -> bool:
    return os.access(folder, os.W_OK)


def _check(path: Path) -> None:
    """Load the library in another process, which it may crash, and compare it with torch."""
    done = subprocess.run(
        [sys.executable, "-c", _CHECK, str(path)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        problem = " ".join(done.stderr.split())[-600:]
        raise BuildError(f"The library was compiled but fails ({done.returncode}): {problem}")


if __name__ == "__main__":
    sys.exit(main())
