"""`python -m genart_stylegan2.engine.native` builds the accelerator and prints its path."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import genart

from .build import build, level
from .check import is_right
from .library import load


def main(arguments: list[str] | None = None) -> int:
    """Build, or check a library that was built; 0 where all went well, 1 with a reason."""
    parser = argparse.ArgumentParser(prog=f"python -m {__package__}", description=__doc__)
    parser.add_argument(
        "--check", type=Path, metavar="FILE", help="only check whether FILE is correct"
    )
    asked = parser.parse_args(arguments)
    try:
        if asked.check is not None:
            return 0 if is_right(load(asked.check)) else 1
        print(build(level()))
    except (genart.GenartError, OSError, MemoryError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
