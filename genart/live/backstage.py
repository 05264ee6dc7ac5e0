"""Where models and sketches are made ready while others play."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TypeVar

import torch

from genart.contracts import Generator
from genart.errors import UnknownName
from genart.live.report import Faults
from genart.sketch import Sketch, load_sketch

T = TypeVar("T")
_LOOK = 0.2  # seconds between looks at the sketch's file
_KEPT = 4  # models


class Backstage:
    """Loads in a thread of its own: models that were asked for, and the sketch's file when saved.

    Args:
        load: gives the generator of a name; may take long.
        faults: who is told of a model or sketch that cannot be had.
        sketch: the sketch's file to watch, or None.

    Attributes:
        sketch: the file that is watched, or None.
        failed: names of models that could not be loaded.
    """

    def __init__(
        self, load: Callable[[str], Generator], faults: Faults, sketch: Path | None = None
    ) -> None:
        self._load, self._faults, self.sketch = load, faults, sketch
        self.failed: set[str] = set()
        self._models: OrderedDict[str, Generator] = OrderedDict()
        self._wanted: SimpleQueue[str | None] = SimpleQueue()
        self._models_ready: deque[str] = deque()
        self._sketches_ready: deque[type[Sketch]] = deque()
        self._seen = self._stamp()
        self._thread = Thread(target=self._work, name="genart-backstage", daemon=True)

    def start(self) -> None:
        """Begin to watch and load."""
        self._thread.start()

    def close(self) -> None:
        """Stop; a load under way is left to itself."""
        self._wanted.put(None)
        if self._thread.is_alive():
            self._thread.join(2 * _LOOK)

    def has(self, name: str) -> bool:
        """Whether a model can play at once."""
        return name in self._models

    def get(self, name: str) -> Generator:
        """The model of a name: at once if it is here, or else loaded now."""
        if name not in self._models:
            self._keep(name, self._load(name))
        return self._models[name]

    def want_model(self, name: str) -> None:
        """Load a model in the background; the newest wish is the one that is played."""
        self._wanted.put(name)

    def models_ready(self) -> list[str]:
        """Names of the models that were loaded, or failed, since the last time."""
        return _drained(self._models_ready)

    def sketches_ready(self) -> list[type[Sketch]]:
        """The newest sketch read since the last time, if any."""
        return _drained(self._sketches_ready)[-1:]

    def look(self) -> None:
        """Read the sketch's file if it was saved since the last look."""
        stamp = self._stamp()
        if self.sketch is None or stamp is None or stamp == self._seen:
            return
        self._seen = stamp
        try:
            self._sketches_ready.append(load_sketch(self.sketch))
        except (Exception, SystemExit) as error:
            self._faults.add("reload", error)

    def _work(self) -> None:
        while True:
            try:
                name = self._wanted.get(timeout=_LOOK)
            except Empty:
                self.look()
                continue
            if name is None:
                return
            if self._wanted.empty():
                self._fetch(name)

    def _fetch(self, name: str) -> None:
        try:
            if not self.has(name):
                model = self._load(name)
                with torch.no_grad():
                    model(model.sample([0]))  # a first call is slow, and shows whether it works
                self._keep(name, model)
            self.failed.discard(name)
            self._faults.settle("model")
        except Exception as error:
            self.failed.add(name)
            self._faults.add("model", error)
        self._models_ready.append(name)

    def _keep(self, name: str, model: Generator) -> None:
        self._models[name] = model
        while len(self._models) > _KEPT:
            self._models.popitem(last=False)

    def _stamp(self) -> tuple[int, int] | None:
        if self.sketch is None:
            return None
        try:
            stat = self.sketch.stat()
        except OSError:  # editors may remove the file for a moment
            return None
        return stat.st_mtime_ns, stat.st_size


def sketch_file(name: str | Path | type[Sketch]) -> Path | None:
    """The file to watch for a sketch given by path or shipped name; None for a class."""
    from genart.sketch import sketches

    if isinstance(name, type):
        return None
    path = Path(name)
    found = path if path.suffix == ".py" else sketches().get(str(name))
    if found is None:
        raise UnknownName("sketch", str(name), sketches())
    return found


def _drained(items: deque[T]) -> list[T]:
    return [items.popleft() for _ in range(len(items))]
