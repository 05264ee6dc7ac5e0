"""Sketch: one idea in one file, and how such files are found."""

from __future__ import annotations

import ast
import importlib.util
import sys
import traceback
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar

from genart.errors import SketchError, UnknownName, UsageError
from genart.interrupts import GivenUp
from genart.profiling import span

if TYPE_CHECKING:
    import numpy as np
    import PIL.Image

    from genart.contracts import Frame, Generator, Image
    from genart.latent import Latent
    from genart.latents.walks import Walk
    from genart.playback.settings import Settings


class Sketch(ABC):
    """The base of all sketches: subclass it, declare Params, and write `draw`.

    ::

        class Drift(genart.Sketch):
            \"\"\"A slow walk from fruit to fruit.\"\"\"

            defaults = {"walk.kind": "cubic", "walk.seeds": "1-6", "model.truncation": 0.8}
            gain = genart.Param(1.0, 0.0, 2.0, help="Brightness.")

            def draw(self, t, dt):
                return self.paint(self.walk(self.phase)) * self.gain

    Attributes:
        defaults: values by "owner.name" with which this sketch starts.
        settings: what every sketch has: transport, tempo, walk, model, style, output.
        model: the generator.
        keys: a Latent, the keys of the walk.
        walk: the Walk through the keys; `walk(phase)` is a Latent, n = 1.
        size: (h, w) in pixels of the frames; what `draw` returns is scaled and cropped to it.
        seed: of the random numbers, 0..2**32 - 1.
        random: a numpy Generator with this seed.
    """

    defaults: ClassVar[Mapping[str, Any]] = {}

    settings: Settings
    model: Generator
    keys: Latent
    walk: Walk
    size: tuple[int, int]
    seed: int
    random: np.random.Generator

    def setup(self) -> None:  # noqa: B027, most sketches need none
        """Prepare; called once, after the attributes above were set."""

    @abstractmethod
    def draw(self, t: float, dt: float) -> Image | Frame | PIL.Image.Image:
        """Draw the image at a time.

        Args:
            t: seconds since the start.
            dt: seconds since the frame before.

        Returns:
            An image (1, 3 or 4, h, w) in -1..1, a frame, uint8 (h, w, 3 or 4), or a PIL image in
            RGB or RGBA.
        """

    @property
    def phase(self) -> float:
        """The position in the cycle of the walk, 0..1; a loop is one cycle."""
        return self.settings.transport.phase

    @property
    def beat(self) -> float:
        """Beats since the start, at `tempo.bpm`."""
        return self.settings.tempo.beat

    def paint(self, latent: Latent, **overrides: Any) -> Image:
        """Make images of latents with the current truncation, cutoff and noise.

        Args:
            latent: n latents in z, w or w+.
            overrides: `truncation`, `cutoff` or `noise` to use instead, see `Generator.__call__`.

        Returns:
            torch float (n, 3 or 4, h, w) in -1..1.
        """
        chosen = self.settings.model
        settings = {
            "truncation": chosen.truncation,
            "cutoff": chosen.cutoff or None,
            "noise": self.phase if chosen.noise == "walk" else chosen.noise,
        }
        with span("synthesis"):
            return self.model(latent, **(settings | overrides))


@dataclass(frozen=True)
class SketchInfo:
    """An included sketch.

    Attributes:
        name: what `genart render` takes.
        about: the first line of its docstring.
        path: its file.
    """

    name: str
    about: str
    path: Path


def list_sketches() -> list[SketchInfo]:
    """List the included sketches by name; no sketch is run."""
    return [SketchInfo(name, _about(path), path) for name, path in sketches().items()]


def _about(path: Path) -> str:
    """Return the first line of the docstring of the first class in a file."""
    classes = [
        node for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.ClassDef)
    ]
    return next((ast.get_docstring(node) or "" for node in classes), "").partition("\n")[0]


def sketches() -> dict[str, Path]:
    """Return the files of the included sketches, by name."""
    return {file.stem: file for file in sorted(_shipped()) if not file.name.startswith("_")}


def _shipped() -> Iterator[Path]:
    checkout = Path(__file__).parents[2] / "sketches"
    if (checkout.parent / "pyproject.toml").is_file():
        yield from checkout.glob("*.py")
        return
    try:
        files = distribution("genart").files or []
    except PackageNotFoundError:
        return
    for file in files:
        if file.suffix == ".py" and file.parts[-4:-1] == ("share", "genart", "sketches"):
            yield Path(str(file.locate())).resolve()


def load_sketch(name: str | Path) -> type[Sketch]:
    """Load the sketch of a file.

    Args:
        name: the name of an included sketch, or the path of a .py file.

    Returns:
        The one subclass of `genart.Sketch` that the file defines.

    Raises:
        UsageError: neither a name nor a path.
        UnknownName: no such sketch or file.
        SketchError: a file that cannot be run, or that contains no sketch or several.
    """
    if not isinstance(name, str | Path):
        raise UsageError(
            f"A sketch is a name, a .py file or a Sketch class, not {type(name).__name__}; a "
            "generator is given as model=."
        )
    path = Path(name)
    if path.suffix != ".py":
        known = sketches()
        if str(name) not in known:
            raise UnknownName("sketch", str(name), known, "A path to a .py file works too.")
        path = known[str(name)]
    elif not path.is_file():
        raise UnknownName("sketch file", str(name), sketches(), "Or name an included sketch.")
    module = _run(path.resolve())
    found: list[type[Sketch]] = [
        thing for thing in vars(module).values() if _is_sketch_of(thing, module)
    ]
    if len(found) != 1:
        names = ", ".join(cls.__name__ for cls in found) or "none"
        raise SketchError(f"{path} must hold one subclass of genart.Sketch, it holds {names}.")
    return found[0]


def _is_sketch_of(thing: Any, module: ModuleType) -> bool:
    return (
        isinstance(thing, type)
        and issubclass(thing, Sketch)
        and thing.__module__ == module.__name__
    )


class _Uncached(SourceFileLoader):
    """Runs the file itself: a cache compares whole seconds and would miss a quick second save."""

    def path_stats(self, path: str) -> Mapping[str, Any]:
        raise OSError("no cache")


def _run(path: Path) -> ModuleType:
    name = f"genart_sketch_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path, loader=_Uncached(name, str(path)))
    if spec is None or spec.loader is None:
        raise SketchError(f"{path} is not a Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (GivenUp, KeyboardInterrupt):
        raise
    except BaseException as error:  # such as sys.exit()
        del sys.modules[name]
        raise SketchError(blame(error, path)) from error
    return module


def blame(error: BaseException, path: str | Path) -> str:
    """Return an error in the file of a sketch as one line: file, line, what happened."""
    path = Path(path)
    if isinstance(error, SyntaxError):
        return f"{path.name}, line {error.lineno}: {error.msg}."
    steps = traceback.extract_tb(error.__traceback__)
    lines = [step.lineno for step in steps if Path(step.filename) == path]
    where = f", line {lines[-1]}" if lines else ""
    return f"{path.name}{where}: {type(error).__name__}: {error}"
