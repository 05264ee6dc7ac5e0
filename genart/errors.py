"""Every error that genart raises on purpose.

::

    GenartError
    ├── UsageError          a wrong argument: what is wrong, what is allowed, what to do
    │   ├── UnknownName     no such generator, sketch, walk ...; suggests the nearest
    │   ├── MissingExtra    a package of an extra is not installed; how to install it
    │   └── ParamError      a value that a Param does not take
    ├── PluginError         a plug-in that cannot be used
    ├── CheckpointError     a model file that cannot be used
    │   └── RefusedCheckpoint   a model file that asks for something forbidden
    ├── SketchError         a sketch file that cannot be used; names file and line
    ├── DataError           an image, film, latent file or dataset that cannot be used
    ├── OutputAway          an output whose receiver is disconnected; it reconnects
    └── RenderError         a film that could not be finished; what was kept

The command line ends with exit code 2 on UsageError and with 1 on all others.
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
    """The base class of every error that genart raises on purpose."""


class UsageError(GenartError, ValueError):
    """A wrong argument; the message says what is allowed and what to do."""


class UnknownName(UsageError, KeyError):
    """A name that does not exist; the message suggests the nearest. It is a KeyError too.

    Args:
        kind: what was looked for, in the singular ("generator").
        name: the name that was given.
        known: the names that exist.
        hint: where to see all of them; if empty, the message always lists all in this order.
    """

    def __init__(
        self, kind: str, name: str, known: Iterable[str], hint: str = "`genart plugins` lists all."
    ) -> None:
        names = list(known)
        self.kind, self.name, self.known = kind, name, sorted(names)
        near = difflib.get_close_matches(name, self.known, n=1)
        guess = [f'Did you mean "{near[0]}"?'] if near else []
        listed = (
            f"Known: {', '.join(self.known if hint else names)}." if names else "There is none."
        )
        if not (near and hint):
            guess.append(listed)
        super().__init__(" ".join([f'No {kind} named "{name}".', *guess, hint]).strip())

    def __str__(self) -> str:
        return str(self.args[0])  # a KeyError would quote it


class MissingExtra(UsageError):
    """A package that is not installed, because it belongs to an extra of genart.

    Args:
        package: its name.
        extra: the extra that installs it.
    """

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed; run: pip install 'genart[{extra}]'")


class ParamError(UsageError):
    """A value of the wrong type, or outside the range of a Param."""


class PluginError(GenartError):
    """A plug-in that cannot be used; `genart plugins` shows the reason."""


class CheckpointError(GenartError):
    """A model file that is damaged, unknown, or contradicts its own header."""


class RefusedCheckpoint(CheckpointError):
    """A model file that asks for something forbidden; nothing in it was executed."""


class SketchError(GenartError):
    """A sketch that cannot be run; the message names its file and line."""


class DataError(GenartError):
    """An image, film, latent file or dataset that cannot be used."""


class OutputAway(GenartError):
    """An output whose receiver is disconnected: `Sink.write` raises it and reconnects later.

    A performance logs it once, drops the frames until then, and logs when a frame is received.
    """


class RenderError(GenartError):
    """A film that could not be finished; the message names what was kept."""
