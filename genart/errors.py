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
    ├── WriteError          a file that cannot be written: full disk, no permission ...
    ├── OutputAway          an output whose receiver is disconnected; it reconnects
    ├── RenderError         a film that could not be finished; what was kept
    └── TrainingError       a training that diverged; the term, and what was kept

The command line ends with exit code 2 on UsageError and with 1 on all others.
"""

from __future__ import annotations

import difflib
import errno
from collections.abc import Iterable, Iterator

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
    "TrainingError",
    "UnknownName",
    "UsageError",
    "WriteError",
    "explain",
    "out_of_memory",
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


class WriteError(GenartError, OSError):
    """A file that cannot be written; the message names it and says why. It is an OSError too."""


class OutputAway(GenartError):
    """An output whose receiver is disconnected: `Sink.write` raises it and reconnects later.

    A performance logs it once, drops the frames until then, and logs when a frame is received.
    """


class RenderError(GenartError):
    """A film that could not be finished; the message names what was kept."""


class TrainingError(GenartError):
    """A training that stopped because a value was not finite; the last good snapshot is kept."""


#: What the system reports, by its error number.
_SYSTEM = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "there is no permission",
    errno.EPERM: "there is no permission",
    errno.ENAMETOOLONG: "the name is too long",
    errno.EFBIG: "the file is larger than the system allows",
    errno.EMFILE: "too many files are open",
    errno.ENFILE: "too many files are open",
    errno.EIO: "the disk reports an error",
    errno.ENOENT: "there is no such file or folder",
    errno.ENOTDIR: "a part of the path is not a folder",
    errno.EISDIR: "it is a folder",
    errno.ELOOP: "its links form a circle",
}
_OUT_OF_MEMORY = (
    "out of memory",  # CUDA, and MPS: "MPS backend out of memory"
    "not enough memory",  # DefaultCPUAllocator on Windows
    "can't allocate memory",  # DefaultCPUAllocator elsewhere
    "cannot allocate memory",  # the system
    "alloc_failed",  # CUBLAS_STATUS_ALLOC_FAILED, CUDNN_STATUS_ALLOC_FAILED
    "outofmemory",  # kIOGPUCommandBufferCallbackErrorOutOfMemory
)
#: Parts of the messages of torch and safetensors when a file cannot be written.
_TORCH_WRITES = ("pytorchstreamwriter", "inline_container", "error while serializing")


def system_reason(error: BaseException) -> str:
    """Return why the system or torch could not write or read a file, as a phrase; "" if unknown."""
    if isinstance(error, OSError):
        return _SYSTEM.get(error.errno or 0, error.strerror or "")
    text = str(error).lower()
    if not any(part in text for part in _TORCH_WRITES):
        return ""
    for number in (errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EFBIG):
        if f"code: {number}," in text or f"os error {number})" in text:
            return _SYSTEM[number]
    return "the disk is full or does not accept the data"


def out_of_memory(error: BaseException) -> bool:
    """Return whether an error, or its cause, means that memory ran out, on any device."""
    return any(
        isinstance(each, MemoryError)
        or type(each).__name__ == "OutOfMemoryError"
        or any(part in str(each).lower() for part in _OUT_OF_MEMORY)
        for each in chain_of(error)
    )


def chain_of(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error, its cause, the cause of that, and so on."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def explain(error: BaseException) -> str | None:
    """Return one sentence for an error of the system or of torch; None for any other error."""
    if isinstance(error, GenartError):
        return None
    if out_of_memory(error):
        return (
            "There is not enough memory. Use a smaller --size, --resolution or --batch, or "
            "another --device."
        )
    reason = system_reason(error)
    if not reason:
        return None
    name = getattr(error, "filename", None)
    return f"{name}: {reason}." if name else f"{reason[0].upper()}{reason[1:]}."
