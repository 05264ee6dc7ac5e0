"""Loads models and sketches in the background while others play."""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock
from typing import TypeVar

import torch

from genart.contracts import Generator
from genart.errors import UnknownName, UsageError, out_of_memory
from genart.interrupts import GivenUp
from genart.models.devices import pick_device
from genart.playback.device_errors import let_go
from genart.playback.loop_thread import LoopThread
from genart.playback.sketch import Sketch, load_sketch
from genart.playback.supervisor import Supervisor

T = TypeVar("T")
_LOOK = 0.2  # seconds between looks at the sketch's file, and for which a model must stay requested
_KEPT = 4  # models


@dataclass(frozen=True)
class SketchRequest:
    """A sketch to load while another one plays.

    Args:
        source: an included sketch's name, a .py file, or a Sketch class.
        loaded: called with the class before it plays, on the loader's thread.
    """

    source: str | Path | type[Sketch]
    loaded: Callable[[type[Sketch]], object]


class BackgroundLoader:
    """Loads requested models, and the sketch's file when it is saved, in its own thread.

    The four models that played last are kept in memory, so that they can play again at once.

    Args:
        load: returns the generator of a name, on `device`; may take long.
        supervisor: watches the threads; a model or sketch that cannot be loaded is reported there.
        sketch: the sketch's file to watch, or None.
        device: "auto", "cpu", "cuda" or "mps".
        prepare: changes a loaded generator to the one that plays, for example to another aspect.
        warm: uses a generator once: the first use is slow, and shows whether it works.

    Attributes:
        sketch: the file that is watched, or None.
        failed: names of models that could not be loaded.
        device: where models are loaded.
        lost: the kinds of device that are never used again.
        loading: the name of the model that is being loaded, or "".
        on_sketch: called when a sketch is ready, from the thread that loaded it.
    """

    def __init__(
        self,
        load: Callable[[str], Generator],
        supervisor: Supervisor,
        sketch: Path | None = None,
        *,
        device: str = "auto",
        prepare: Callable[[Generator], Generator] = lambda model: model,
        warm: Callable[[Generator], object] = lambda model: model(model.sample([0])),
    ) -> None:
        self._load, self.sketch = load, sketch
        self._supervisor, self._faults = supervisor, supervisor.faults
        self._prepare, self._warm = prepare, warm
        self.device, self.lost, self.loading = device, set[str](), ""
        self.failed: set[str] = set()
        self._lock = Lock()
        self._models: OrderedDict[str, Generator] = OrderedDict()  # the last one played last
        self._wish, self._path = "", "model.name"
        self._woken, self._closed = Event(), False
        self._models_ready: deque[str] = deque()
        self._sketches_ready: deque[type[Sketch]] = deque()
        self._sketch_wish: SketchRequest | None = None
        self._seen = self._stamp()
        self.on_sketch: Callable[[], None] = lambda: None
        self._saved, self._rest, self._file_saved = Event(), Event(), False
        self._loops = [
            LoopThread(supervisor, name, body)
            for name, body in (
                ("models", self._work),
                ("sketch file", self._watch_file),
                ("sketch loader", self._load_sketches),
            )
        ]

    def start(self) -> None:
        """Start to watch and load."""
        for loop in self._loops:
            loop.start()

    def close(self) -> None:
        """Stop; a load that is running is abandoned."""
        self._closed = True
        for event in (self._woken, self._saved, self._rest):
            event.set()
        for loop in self._loops:
            loop.close(_LOOK)

    def has(self, name: str) -> bool:
        """Whether a model is in memory."""
        return name in self._models

    def get(self, name: str) -> Generator:
        """The model of a name, loaded now if it is not in memory."""
        with self._lock:
            if name in self._models:
                self._models.move_to_end(name)
                return self._models[name]
        return self._keep(name, self._prepare(self._load(name)))

    def want_model(self, name: str, path: str = "model.name") -> None:
        """Load a model for a Param in the background, once the request is stable for 0.2 s."""
        self.loading = self._wish = name
        self._path = path
        self._woken.set()

    def fetch(self) -> None:
        """Load the model that was requested last, if it is not loaded yet."""
        name, self._wish = self._wish, ""
        if not name:
            return
        try:
            if not self.has(name):
                self._keep(name, self._made_ready(name))
            self.failed.discard(name)
            self._faults.settle("model")
        except GivenUp:
            raise
        except BaseException as error:
            self.failed.add(name)
            self._faults.refused(self._path, name, error)
            if out_of_memory(error):
                let_go(error)
        self.loading = self._wish
        self._models_ready.append(name)

    def want_sketch(self, request: SketchRequest) -> None:
        """Load another sketch in the background; its file is watched from then on."""
        self._sketch_wish = request
        self._saved.set()
        self._supervisor.hurry("reload")

    def fetch_sketch(self) -> None:
        """Load the sketch that was requested last, if any."""
        request, self._sketch_wish = self._sketch_wish, None
        if request is None:
            return
        kind = request.source
        loaded = self._loaded(kind)
        if loaded is not None:
            self.sketch = sketch_file(kind)
            self._seen = self._stamp()
            request.loaded(loaded)
            self._sketches_ready.append(loaded)
            self.on_sketch()

    def models_ready(self) -> list[str]:
        """Names of the models that were loaded, or failed, since the last call."""
        return _drained(self._models_ready)

    def sketches_ready(self) -> list[type[Sketch]]:
        """The newest sketch loaded since the last call, if any."""
        return _drained(self._sketches_ready)[-1:]

    def slim(self, *playing: str | None) -> None:
        """Free all models but those that play."""
        with self._lock:
            for name in [name for name in self._models if name not in playing]:
                del self._models[name]

    def lose(self, kind: str) -> str:
        """Never use a kind of device again; returns the one that replaces it."""
        self.lost.add(kind)
        self.device = next(each for each in ("cuda", "mps", "cpu") if self._usable(each))
        with self._lock:
            self._models.clear()
        return self.device

    def look(self) -> None:
        """Load the sketch's file if it was saved since the last look."""
        if self._was_saved():
            self.load_sketch()

    def load_sketch(self) -> None:
        """Load the sketch's file; what it raises is reported."""
        assert self.sketch is not None
        loaded = self._loaded(self.sketch)
        if loaded is not None:
            self._sketches_ready.append(loaded)
            self.on_sketch()

    def _loaded(self, source: str | Path | type[Sketch]) -> type[Sketch] | None:
        try:
            with self._supervisor.watch("reload", math.inf):
                return source if isinstance(source, type) else load_sketch(source)
        except GivenUp:  # another one is asked for
            raise
        except BaseException as error:
            self._faults.add("reload", error)
            return None

    def _was_saved(self) -> bool:
        stamp = self._stamp()
        if self.sketch is None or stamp is None or stamp == self._seen:
            return False
        self._seen = stamp
        return True

    def _usable(self, kind: str) -> bool:
        try:
            return kind not in self.lost and bool(pick_device(kind))
        except UsageError:
            return False

    def _work(self) -> None:
        while not self._closed:
            if self._woken.wait(_LOOK):
                self._woken.clear()  # and wait again: a newer request may follow
            else:
                self.fetch()

    def _watch_file(self) -> None:
        while not self._closed:
            if self._was_saved():
                self._file_saved = True
                self._saved.set()
                self._supervisor.hurry("reload")  # what was saved before is no longer needed
            self._rest.wait(_LOOK)

    def _load_sketches(self) -> None:
        while not self._closed:
            self._saved.wait()
            self._saved.clear()
            if not self._closed:
                self.fetch_sketch()
            if self._file_saved and not self._closed:
                self._file_saved = False
                self.load_sketch()

    def _made_ready(self, name: str) -> Generator:
        model = self._prepare(self._load(name))
        with torch.no_grad():
            self._warm(model)
        return model

    def _keep(self, name: str, model: Generator) -> Generator:
        with self._lock:
            self._models[name] = model
            self._models.move_to_end(name)
            while len(self._models) > _KEPT:
                self._models.popitem(last=False)
        return model

    def _stamp(self) -> tuple[int, int] | None:
        if self.sketch is None:
            return None
        try:
            stat = self.sketch.stat()
        except OSError:  # editors may remove the file for a moment
            return None
        return stat.st_mtime_ns, stat.st_size


def sketch_file(name: str | Path | type[Sketch]) -> Path | None:
    """The file to watch for a sketch given by path or included name; None for a class."""
    from genart.playback.sketch import sketches

    if isinstance(name, type):
        return None
    path = Path(name)
    found = path if path.suffix == ".py" else sketches().get(str(name))
    if found is None:
        raise UnknownName("sketch", str(name), sketches())
    return found


def _drained(items: deque[T]) -> list[T]:
    return [items.popleft() for _ in range(len(items))]
