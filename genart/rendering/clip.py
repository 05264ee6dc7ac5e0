"""A short film as bytes, which plays in a notebook."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from genart.errors import DataError, UsageError

_MOST = 32 << 20  # bytes of a film: they lie in the notebook
#: Suffixes of films that a notebook plays.
TYPES = {
    ".mp4": "video/mp4", ".webm": "video/webm", ".mov": "video/quicktime",
    ".webp": "image/webp", ".gif": "image/gif", ".apng": "image/apng",
}  # fmt: skip


@dataclass(frozen=True)
class Clip:
    """A short film that plays in a notebook, in a loop.

    Attributes:
        data: the bytes of its file.
        suffix: of the file, such as ".webp".
        size: (w, h) in pixels, (0, 0) if not known.
        seconds: its length, 0 if not known.
    """

    data: bytes
    suffix: str
    size: tuple[int, int] = (0, 0)
    seconds: float = 0.0

    def save(self, path: str | Path) -> Path:
        """Write the film to a file of the same suffix; returns its path.

        Raises:
            UsageError: another suffix.
        """
        path = Path(path)
        if path.suffix.lower() != self.suffix:
            raise UsageError(
                f'A clip is a {self.suffix} file, not "{path.name}"; genart.render makes others.'
            )
        path.write_bytes(self.data)
        return path

    def show(self) -> None:
        """Open the film in the program that the system has for such files.

        Raises:
            UsageError: there is none; the message names the file.
        """
        with tempfile.NamedTemporaryFile(suffix=self.suffix, delete=False) as file:
            file.write(self.data)
        _open(file.name)

    def __repr__(self) -> str:
        width, height = self.size
        return (
            f"<Clip: {self.suffix[1:]}, {width}x{height} px, {self.seconds:g} s, "
            f"{len(self.data) / 1e6:.2f} MB; .save(path) keeps it, .show() opens it>"
        )

    def _repr_html_(self) -> str:
        source = f"data:{TYPES[self.suffix]};base64,{base64.b64encode(self.data).decode()}"
        if TYPES[self.suffix].startswith("image"):
            return f'<img src="{source}">'
        return f'<video src="{source}" autoplay loop muted playsinline controls></video>'


def read_clip(path: str | Path) -> Clip:
    """Read the file of a film.

    Raises:
        UsageError: a suffix that no notebook plays.
        DataError: no such file, or one above 32 MB.
    """
    path = Path(path)
    if path.suffix.lower() not in TYPES:
        known = ", ".join(TYPES)
        raise UsageError(f'A notebook plays {known} files, not "{path}".')
    if not path.is_file():
        raise DataError(f'There is no film "{path}".')
    if path.stat().st_size > _MOST:
        raise DataError(
            f"{path} is larger than {_MOST >> 20} MB, too large for a notebook; render it smaller."
        )
    return Clip(path.read_bytes(), path.suffix.lower())


def _open(path: str) -> None:
    if sys.platform == "win32":
        os.startfile(path)
        return
    opener = "open" if sys.platform == "darwin" else "xdg-open"
    try:
        subprocess.run([opener, path], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise UsageError(f"No program here opens it ({error}); the file is {path}.") from error
