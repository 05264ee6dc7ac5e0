"""BackgroundFile: writes a small file from its own thread."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Condition, Thread

from genart.errors import GenartError
from genart.files import atomic, locked_folder


class BackgroundFile:
    """Writes a file in the background, atomically; of several texts the newest is written.

    Args:
        path: the file.
        failed: called with the error if it could not be written.
        went_well: called when it was written.
    """

    def __init__(
        self,
        path: Path,
        failed: Callable[[Exception], None],
        went_well: Callable[[], None] = lambda: None,
    ) -> None:
        self.path = path
        self._failed, self._went_well = failed, went_well
        self._change = Condition()
        self._text: str | Callable[[], str] | None = None
        self._busy = False

    def write(self, text: str | Callable[[], str]) -> None:
        """Write this text soon; never blocks.

        Args:
            text: the text, or a function that returns it. It is called on the thread that writes,
                while other genarts wait to write into the same folder.
        """
        with self._change:
            self._text = text
            if not self._busy:
                self._busy = True
                Thread(target=self._work, name=f"genart-{self.path.name}", daemon=True).start()

    def flush(self, seconds: float = 10.0) -> bool:
        """Wait until everything is written; returns whether that happened in time."""
        with self._change:
            return self._change.wait_for(lambda: not self._busy, seconds)

    def _work(self) -> None:
        while (text := self._next()) is not None:
            try:
                with locked_folder(self.path.parent), atomic(self.path) as partial:
                    made = text if isinstance(text, str) else text()
                    partial.write_text(made, encoding="utf-8")
            except (OSError, GenartError, ValueError) as error:
                self._failed(error)
            else:
                self._went_well()

    def _next(self) -> str | Callable[[], str] | None:
        with self._change:
            text, self._text = self._text, None
            if text is None:
                self._busy = False
                self._change.notify_all()
            return text
