"""The command line: parse, call, print. The library never imports click and never prints.

Importing this module costs nothing; click comes with the first command.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from signal import SIGTERM, default_int_handler, signal
from typing import TYPE_CHECKING

from genart.hooks import Register, hookimpl

if TYPE_CHECKING:
    import click

#: The commands of genart; each is `command` in the module of its name beside this one.
COMMANDS = (
    "bench",
    "directions",
    "generate",
    "info",
    "invert",
    "layers",
    "live",
    "mix",
    "models",
    "params",
    "plugins",
    "promo",
    "render",
    "sketches",
    "stylize",
    "train",
    "translate",
)


@hookimpl
def register_commands(register: Register[click.Command]) -> None:
    """Offer the commands of genart through the same hook as any plug-in."""
    for name in COMMANDS:
        register(name, partial(_command, name))


def _command(name: str) -> click.Command:
    command: click.Command = import_module(f"genart.cli.{name}").command
    return command


def run(arguments: Sequence[str] | None = None) -> int:
    """Run `genart ARGUMENT...`; returns the exit code: 0 done, 1 failed, 2 bad usage."""
    from genart.cli.app import run

    return run(arguments)


def main() -> None:
    """The program `genart`; SIGTERM has the same effect as Ctrl-C."""
    signal(SIGTERM, default_int_handler)
    _limit_spinning()
    code = run()
    hangs = any(each.daemon and each.name.startswith("genart-") for each in threading.enumerate())
    if hangs or sys.argv[1:2] == ["live"]:
        # a model still loading, an output that hangs: torch must not meet a Python that is gone;
        # a performance has closed everything, and a thread of a sketch must not hold up its end
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    raise SystemExit(code)


def _limit_spinning() -> None:
    """Have idle threads of OpenMP, which torch uses on Linux, give their core away soon.

    Otherwise they look for more work for 10 ms, on a core that the next image needs. It must be set
    before torch is imported; who sets OMP_WAIT_POLICY chooses.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "2000")
