"""Frames into a folder of PNG."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import genart


class FolderSink:
    """Writes each frame as `frame_000000.png`, `frame_000001.png`, ...

    Args:
        path: the folder; it is made if it is not there.
        recipe: the recipe that is stored in every image.
    """

    def __init__(
        self, path: str | Path, *, recipe: dict[str, Any] | None = None, **options: Any
    ) -> None:
        for name in ("codec", "audio"):
            if options.get(name) is not None:
                raise genart.UsageError(f"A folder of PNG files has no {name}.")
        self.path, self._count = Path(path), 0
        self._note = None if recipe is None else genart.media.recipe_text(recipe)

    def write(self, frame: genart.Frame) -> None:
        """Write one image, with alpha if the frame has it."""
        from PIL import Image, PngImagePlugin

        self.path.mkdir(exist_ok=True)
        note = PngImagePlugin.PngInfo()
        if self._note is not None:
            note.add_text("genart", self._note)
        picture = Image.fromarray(frame)
        picture.save(self.path / f"frame_{self._count:06d}.png", pnginfo=note, compress_level=4)
        self._count += 1

    def close(self) -> None:
        """Nothing is open."""
