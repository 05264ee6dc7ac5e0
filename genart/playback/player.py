"""SketchPlayer: a sketch with its settings, which makes the frame of each tick."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from fractions import Fraction
from functools import lru_cache
from inspect import signature
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch

from genart.contracts import (
    Frame,
    Generator,
    Image,
)
from genart.errors import GenartError, ParamError, SketchError
from genart.interrupts import GivenUp
from genart.latent import Latent
from genart.latents.constant_speed import even
from genart.latents.keys import Key, make_keys, parse_keys
from genart.latents.walks import Walk, walk
from genart.media.frames import (
    PendingFrame,
    as_image,
    begin_frame,
)
from genart.models.loading import in_aspect
from genart.params import params_of
from genart.playback.clock import Tick
from genart.playback.param_sources import PARAM_SOURCES
from genart.playback.second_model import SecondModel
from genart.playback.settings import Settings
from genart.playback.sketch import Sketch, blame
from genart.playback.style_mix import StyleMix
from genart.plugins import registry
from genart.profiling import span

if TYPE_CHECKING:
    from genart.params import ParamTree


class Player(Protocol):
    """Makes the frame of each tick and has Params that can be set."""

    def set(self, path: str, value: Any) -> None:
        """Set a Param, by "owner.name"."""
        ...

    def advance(self, t: Fraction) -> None:
        """Advance transport and tempo to time t in seconds, before a Param is set at that time."""
        ...

    def frame(self, tick: Tick) -> Frame:
        """Return the frame of one tick."""
        ...


class SketchPlayer:
    """A sketch with its settings; it prepares what the sketch needs when these change, and draws.

    Args:
        sketch: draws the images.
        settings: hold every Param that is not the sketch's own.
        load: returns the generator of a name.
        size: (h, w) of the frames; None takes the size of the generator.
        seed: of the sketch's random numbers, 0..2**32 - 1.
        strict: whether an image that holds NaN or infinity is an error, instead of grey.
        keys: the keys of the walk, see `use_keys`; None takes those of the settings.

    Attributes:
        keys: the keys of the walk.
        at_quality: returns the form of a model that draws, such as a faster one; keys and walk
            are those of the model itself.
        make_even: returns an even walk, from (walk, model, truncation, cutoff).
        load_second: returns the second model by name, or None while it is loaded.
        second_model: blends the second model in.
    """

    def __init__(
        self,
        sketch: Sketch,
        settings: Settings,
        *,
        load: Callable[[str], Generator],
        size: tuple[int, int] | None = None,
        seed: int = 0,
        strict: bool = False,
        keys: Sequence[Key] | None = None,
    ) -> None:
        self.sketch, self.settings = sketch, settings
        self.tree: ParamTree = settings.tree(sketch)
        self._size, self._strict = size, strict
        self._load = load
        self._model = lru_cache(maxsize=1)(self._load_in_aspect)
        self._precise = lru_cache(maxsize=1)(precise)
        self.second_model, self._mixing = SecondModel(), StyleMix()
        self._latents = lru_cache(maxsize=1)(make_keys)
        self.keys: tuple[Key, ...] = ()
        self._keys_text = ""  # the text of the settings that `keys` replace
        if keys is not None:
            self.use_keys(keys)
        self._walk = lru_cache(maxsize=1)(self._make_walk)
        self._ready = False
        self._held: PendingFrame | None = None
        self._frozen = False
        self.at_quality: Callable[[Generator], Generator] = lambda model: model
        self.make_even: Callable[[Walk, Generator, float, int | None], Walk] = _even
        self.load_second: Callable[[str], Generator | None] = self._load_in_aspect
        sketch.settings, sketch.seed = settings, seed
        sketch.random = np.random.default_rng(seed)

    def set(self, path: str, value: Any) -> None:
        """Set a Param, by "owner.name"; some add others, and then there is a new tree."""
        if self.settings.set(self.tree, path, value):
            self.tree = self.settings.tree(self.sketch)

    def assign(self, path: str, value: Any) -> None:
        """Set a Param to a value that was checked already; `set` is for values that were not.

        Raises:
            UnknownName: no such Param.
            ParamError: a text from which no Params can be made.
        """
        if path in PARAM_SOURCES:
            self.set(path, value)
        else:
            self.tree.assign(path, value)

    def use_keys(self, keys: Sequence[Key]) -> None:
        """Walk through these keys until `walk.seeds` or `walk.keys` is set to another text."""
        self.keys, self._keys_text = tuple(keys), self._text_of_keys()

    def advance(self, t: Fraction) -> None:
        """Advance transport and tempo to time t in seconds."""
        self.settings.advance(t)

    def frame(self, tick: Tick) -> Frame:
        """Return the frame of one tick, uint8 (h, w, 3 or 4); see `begin`."""
        return self.begin(tick)()

    def begin(self, tick: Tick) -> PendingFrame:
        """Start the frame of one tick, which may still be copied from a GPU.

        Raises:
            SketchError: the sketch failed; the message contains the line.
        """
        self.settings.advance(tick.t)
        frozen = self.settings.output.freeze
        if self._held is None or not (frozen and self._frozen):
            self.refresh()
            self._held = self._draw(tick)
        self._frozen = frozen  # from the tick that set it, whatever was skipped before
        is_black = self.settings.output.blackout
        return PendingFrame(np.zeros_like(self._held())) if is_black else self._held

    def with_sketch(self, sketch: Sketch) -> SketchPlayer:
        """Return a player of another sketch with the same settings, models and walk.

        Params of the sketch that were set keep their values if the other sketch accepts them.
        """
        fresh = SketchPlayer(
            sketch, self.settings, load=self._load, size=self._size, seed=self.sketch.seed,
            strict=self._strict,
        )  # fmt: skip
        fresh._model, fresh._latents, fresh._walk = self._model, self._latents, self._walk
        fresh.keys, fresh._keys_text = self.keys, self._keys_text
        fresh.second_model, fresh.load_second = self.second_model, self.load_second
        fresh.at_quality, fresh.make_even = self.at_quality, self.make_even
        for name in params_of(self.sketch):
            if name in vars(self.sketch) and f"sketch.{name}" in fresh.tree:
                with suppress(ParamError):
                    fresh.set(f"sketch.{name}", vars(self.sketch)[name])
        return fresh

    def copy(self, size: tuple[int, int] | None, seed: int) -> SketchPlayer:
        """Return a player of another instance of the sketch, with its own settings."""
        sketch = type(self.sketch)()
        return SketchPlayer(
            sketch, Settings(self.tree.assigned(), sketch), load=self._load, size=size, seed=seed,
            strict=self._strict, keys=self.keys,
        )  # fmt: skip

    def forget(self) -> None:
        """Load the model again at the next frame, and make keys and walk again."""
        for kept in (self._model, self._precise, self._latents, self._walk):
            kept.cache_clear()
        self.second_model.forget()

    def refresh(self) -> None:
        """Make model, keys and walk again if what they depend on has changed.

        An even walk is measured at the truncation of its start: a later change of truncation
        does not make the image jump.
        """
        sketch, walks, models = self.sketch, self.settings.walk, self.settings.model
        model = self._model(models.name)
        whole = self.second_model.on(model, models, self.load_second)
        edited = self.settings.edited(self.at_quality(self._precise(whole, models.precision)))
        sketch.model = self._mixing.on(edited, model, self.settings)
        sketch.size = self._size or model.resolution
        label = None if models.label < 0 else models.label
        if (text := self._text_of_keys()) != self._keys_text:
            self.keys, self._keys_text = tuple(parse_keys(text)), text
        sketch.keys = self._latents(model, self.keys, label, walks.space)
        taken = signature(registry("interpolator")[walks.kind].factory).parameters
        options = walks.options(taken)
        sketch.walk = self._walk(
            model, sketch.keys, walks.kind, walks.loop, walks.easing, walks.even, options
        )
        if not self._ready:
            self._ready = True
            self._guarded(sketch.setup)

    def _load_in_aspect(self, name: str) -> Generator:
        return in_aspect(self._load(name), self._size)

    def _text_of_keys(self) -> str:
        return self.settings.walk.keys or self.settings.walk.seeds

    def _make_walk(
        self,
        model: Generator,
        keys: Latent,
        kind: str,
        loop: bool,
        easing: str,
        even: bool,
        options: tuple[tuple[str, Any], ...],
    ) -> Walk:
        made = walk(keys, kind, loop=loop, easing=easing, **dict(options))
        chosen = self.settings.model
        if not even:
            return made
        with span("pacing", whole=True):
            return self.make_even(made, model, chosen.truncation, chosen.cutoff or None)

    def _draw(self, tick: Tick) -> PendingFrame:
        with torch.no_grad(), frame_seed(self.sketch.seed, tick.index, self.sketch.model.device):
            with span("sketch"):
                picture = self._guarded(self.sketch.draw, float(tick.t), float(tick.dt))
            if self._strict:
                _check_finite(picture)
            if self.settings.style.chain:
                picture = self._stylized(picture)
            return begin_frame(picture, self.sketch.size)

    def _stylized(self, picture: Image | Frame) -> Image:
        with span("style"):
            image = as_image(picture).to(self.sketch.model.device)
            return self.settings.stylized(image, self.sketch.size)

    def _guarded(self, step: Callable[..., Any], *args: float) -> Any:
        try:
            return step(*args)
        except (GenartError, GivenUp, KeyboardInterrupt):
            raise
        except BaseException as error:  # such as sys.exit()
            file = step.__func__.__code__.co_filename  # type: ignore[attr-defined]
            raise SketchError(blame(error, file)) from error


def _check_finite(picture: Any) -> None:
    """Raise SketchError if a value of an image is not finite; one sum checks all of them."""
    if isinstance(picture, torch.Tensor) and not picture.sum(dtype=torch.float32).isfinite():
        raise SketchError("The image holds values that are not finite (NaN or infinity).")


def _even(made: Walk, model: Generator, truncation: float, cutoff: int | None) -> Walk:
    return even(made, model, truncation=truncation, cutoff=cutoff)


def precise(model: Generator, precision: str) -> Generator:
    """Return the model that computes in a precision; "auto" returns the model itself."""
    return model if precision == "auto" else model.with_precision(precision)


@contextmanager
def frame_seed(seed: int, index: int, device: torch.device) -> Iterator[None]:
    """Seed torch for one frame: random numbers depend on seed and index, on nothing before."""
    on_cpu = device.type == "cpu"
    with torch.random.fork_rng(
        [] if on_cpu else [device], device_type="cuda" if on_cpu else device.type
    ):
        number = (seed << 32) + index
        torch.default_generator.manual_seed(number)  # torch.manual_seed looks for every device
        if not on_cpu:
            kind = torch.get_device_module(device)
            getattr(kind, "manual_seed_all", kind.manual_seed)(number)
        yield


class Grid:
    """Several players in one frame, in rows from the top left.

    Args:
        players: one for each cell.
        columns: the number of cells in a row.
    """

    def __init__(self, players: Sequence[Player], columns: int) -> None:
        self.players, self.columns = players, columns

    def set(self, path: str, value: Any) -> None:
        """Set a Param of every player."""
        for player in self.players:
            player.set(path, value)

    def advance(self, t: Fraction) -> None:
        """Advance every player to time t in seconds."""
        for player in self.players:
            player.advance(t)

    def frame(self, tick: Tick) -> Frame:
        """Return the frames of all cells as one frame."""
        cells = [player.frame(tick) for player in self.players]
        rows = [cells[i : i + self.columns] for i in range(0, len(cells), self.columns)]
        return np.concatenate([np.concatenate(row, axis=1) for row in rows])
