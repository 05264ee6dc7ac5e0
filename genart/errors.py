"""Every error a user can meet.

::

    GenartError
    ├── UsageError          a wrong argument: what is wrong, what is allowed, what to do
    │   ├── UnknownName     no such generator, sketch, walk ...; suggests the nearest
    │   ├── MissingExtra    a package that the default install leaves out; says how to get it
    │   └── ParamError      a value a Param does not take
    ├── PluginError         a plug-in that cannot be used
    ├── CheckpointError     a model file that cannot be used
    │   └── RefusedCheckpoint   a model file that asks for something forbidden
    ├── SketchError         a sketch file that cannot be used; names file and line
    ├── DataError           a picture or dataset that cannot be used
    ├── OutputAway          an output whose other end is gone for now; it tries again
    └── RenderError         a film that could not be finished; says what was kept

The command line turns UsageError into exit code 2 and every other one into 1.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "CheckpointError",
    "DataError",
    "GenartError",
    "MissingExtra",
    "OutputAway",
    "ParamError",
    "PluginError",
    "RefusedCheckpoint",
    "RenderError",
    "SketchError",
    "UnknownName",
    "UsageError",
]


class GenartError(Exception):
    """The root: catching it catches everything genart raises on purpose."""


class UsageError(GenartError, ValueError):
    """An argument that is wrong: the message says what is allowed."""


class UnknownName(UsageError, KeyError):
    """A name that no registry holds; a KeyError too, so that a registry is a true Mapping.

    Args:
        kind: what was looked for, in the singular ("generator").
        name: the name asked for.
        known: the names that exist.
        hint: where to see them all.
    """

    def __init__(
        self, kind: str, name: str, known: Iterable[str], hint: str = "`genart plugins` lists all."
    ) -> None:
        self.kind, self.name, self.known = kind, name, sorted(known)
        near = difflib.get_close_matches(name, self.known, n=1)
        listed = f" Known: {', '.join(self.known)}." if self.known else " There is none yet."
        guess = f' Did you mean "{near[0]}"?' if near else listed
        super().__init__(f'No {kind} named "{name}".{guess} {hint}')

    def __str__(self) -> str:
        return str(self.args[0])  # a KeyError would quote it


class MissingExtra(UsageError):
    """A package that the default install leaves out.

    Args:
        package: what is missing.
        extra: which extra of genart brings it.
    """

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed; run: pip install 'genart[{extra}]'")


class ParamError(UsageError):
    """A value of the wrong type or out of a Param's range."""


class PluginError(GenartError):
    """A plug-in that cannot be used; `genart plugins` shows why."""


class CheckpointError(GenartError):
    """A model file that is damaged, unknown, or does not fit its own description."""


class RefusedCheckpoint(CheckpointError):
    """A model file that asks for something forbidden; nothing in it was executed."""


class SketchError(GenartError):
    """A sketch that cannot be run; the message names its file and line."""


class DataError(GenartError):
    """A picture, archive or dataset that cannot be used."""


class OutputAway(GenartError):
    """An output whose other end is gone for now: a sink's `write` raises it and tries again later.

    A performance tells it once, drops the frames meanwhile, and tells when a frame goes through.
    """


class RenderError(GenartError):
    """A film that could not be finished; the message says what was kept."""
