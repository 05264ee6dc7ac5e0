"""Settings: the Params that every sketch shares, by owner, and their time.

| owner       | holds                                              |
|-------------|----------------------------------------------------|
| `transport` | play, speed, the length of one cycle, the phase    |
| `tempo`     | beats per minute, beats a bar, the offset of beats   |
| `walk`      | which seeds, and how to walk through them          |
| `model`     | which generator, truncation, cutoff, noise, label  |
| `bend`      | the amounts of the bends of `model.bend`           |
| `edit`      | the amount of each direction of `model.directions` |
| `style`     | the stylizers that repaint the image               |
| `output`    | blackout, freeze                                   |
| `sketch`    | the Params of the sketch itself                    |
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

from genart.latents.easing import EASINGS
from genart.param_groups import ParamGroup
from genart.params import Param, ParamTree
from genart.playback.param_sources import PARAM_SOURCES, sources_first
from genart.playback.transport import Tempo, Transport
from genart.styling.settings import StyleSettings

if TYPE_CHECKING:
    from genart.contracts import Generator, Image
    from genart.styling.chain import Chain

#: Headings on the page.
_AROUND, _BREATH, _MIXING = "circle and noise", "breath", "style mixing"
_SECOND, _CHANGES = "second model", "bends and edits"


def _names(kind: str) -> Callable[[], Iterable[str]]:
    """Return a function that lists the names in a registry when it is called."""

    def names() -> Iterable[str]:
        from genart.plugins import registry

        return registry(kind)

    return names


def _presets() -> Iterable[str]:
    """The names of the presets of bends."""
    from genart.bending.bend import presets

    return presets()


class WalkSettings:
    """How to walk, and past which keys; `genart plugins` lists the kinds."""

    kind = Param(
        "slerp", choices=_names("interpolator"), help="The kind of walk: the interpolator."
    )
    seeds = Param("1-9", help="Seeds of the keys, for example 1,2,5-9.")
    keys = Param(
        "",
        help="Keys from latent files and seeds, for example apple.npz,7; used before walk.seeds.",
    )
    space = Param(
        "z", choices=("z", "w", "w+"), help="The latent space in which keys are interpolated."
    )
    easing = Param(
        "linear",
        choices=tuple(EASINGS),
        help="How the speed changes between two keys.",
    )
    even = Param(
        False, help="Constant perceptual speed: every step changes the image by the same amount."
    )
    loop = Param(True, help="The walk returns to its first key.")
    seed = Param(0, 0, 2**32 - 1, group=_AROUND, help="Seed of the circle or noise of such a walk.")
    radius = Param(
        1.0, 0.0, 8.0, group=_AROUND, help="Distance of a circle or noise walk from its keys."
    )
    smoothness = Param(
        0.6, 0.05, 4.0, group=_AROUND,
        help="Smoothness of a noise walk: 0.2 trembles, 2 is nearly a circle.",
    )  # fmt: skip
    pulses = Param(
        0, 0, 1000, group=_BREATH, label="breaths per cycle",
        help="Pulses of truncation per cycle; 0 is one per key.",
    )  # fmt: skip
    low = Param(
        0.3, -2.0, 2.0, group=_BREATH, label="truncation between",
        help="Factor on truncation between two pulses.",
    )  # fmt: skip
    high = Param(
        1.0, -2.0, 2.0, group=_BREATH, label="truncation at the peak",
        help="Factor on truncation at the peak of a pulse.",
    )  # fmt: skip
    mix_keys = Param(
        "", group=_MIXING, label="keys",
        help="Keys of style mixing, for example 12 or apple.npz; empty mixes nothing.",
    )  # fmt: skip
    mix = Param(
        1.0, 0.0, 1.0, group=_MIXING, label="share",
        help="Share of walk.mix_keys in the mixed layers.",
    )  # fmt: skip
    mix_first = Param(
        8.0, 0.0, 64.0, unit="layers", group=_MIXING, label="first layer",
        help="First mixed layer; 3.5 is half of layer 3.",
    )  # fmt: skip
    mix_last = Param(
        64.0, -1.0, 64.0, unit="layers", group=_MIXING, label="last layer",
        help="Last mixed layer; 7.5 is half of layer 8.",
    )  # fmt: skip

    def options(self, taken: Container[str]) -> tuple[tuple[str, Any], ...]:
        """The options of a kind of walk that were set and that it accepts."""
        names = ("seed", "radius", "smoothness", "pulses", "low", "high")
        return tuple(
            (name, vars(self)[name]) for name in names if name in vars(self) and name in taken
        )


class ModelSettings:
    """Which generator plays, and how."""

    name = Param("pomona", suggest=_names("generator"), help="Name of a model, a file or a URL.")
    truncation = Param(0.7, -2.0, 2.0, help="1 for the full variety, 0 for the average image.")
    cutoff = Param(
        0, 0, 64, unit="layers", label="truncated layers",
        help="Number of layers that are truncated; 0 for all.",
    )  # fmt: skip
    noise = Param(
        "const",
        choices=("const", "random", "none", "walk"),
        help="Noise input: constant, new in each frame, none, or moving with the loop.",
    )
    label = Param(
        -1, -1, 1_000_000, label="class", help="Class number; -1 is the default of the model."
    )
    precision = Param(
        "auto", choices=("auto", "float32", "half"),
        help="Number format of the network; auto as the model was made.",
    )  # fmt: skip
    other = Param(
        "", suggest=_names("generator"), group=_SECOND, label="name",
        help="A second model of the same architecture, for blending.",
    )  # fmt: skip
    blend = Param(0.0, 0.0, 1.0, group=_SECOND, label="share", help="Share of the second model.")
    swap = Param(
        2.0, 2.0, 2048.0, unit="px", curve="log", group=_SECOND, label="from resolution",
        help="Resolution from which the second model is blended in; 2 is everything.",
    )  # fmt: skip
    directions = Param(
        "", group=_CHANGES, label="edit directions",
        help="File of edit directions; each becomes a Param edit.<name>.",
    )  # fmt: skip
    bend = Param(
        "", suggest=_presets, group=_CHANGES, label="bends",
        help="Network bends: 16:rotate@0.3, a preset or a .toml file; each becomes bend.<name>.",
    )  # fmt: skip


class Output:
    """What can be done to the finished frame."""

    blackout = Param(False, help="Show black.")
    freeze = Param(False, help="Hold the last frame.")


class Settings:
    """The values of the Params that every sketch shares; each owner is an attribute.

    Args:
        values: the first values, by "owner.name"; those that add other Params are set first.
        sketch: the sketch whose own Params are among the values.

    Raises:
        UnknownName: no such owner or name.
        ParamError: a value that its Param does not accept.
    """

    def __init__(
        self, values: Mapping[str, Any] | None = None, sketch: object | None = None
    ) -> None:
        self.transport = Transport()
        self.tempo = Tempo()
        self.walk = WalkSettings()
        self.model = ModelSettings()
        self.style = StyleSettings()
        self.output = Output()
        self._groups: dict[str, ParamGroup] = {}
        tree = self.tree(sketch)
        for path, value in sorted((values or {}).items(), key=sources_first):
            if self.set(tree, path, value):
                tree = self.tree(sketch)

    def tree(self, sketch: object = None) -> ParamTree:
        """Return the tree of all Params, with those of a sketch if one is given."""
        owners = {name: held for name, held in vars(self).items() if not name.startswith("_")}
        owners |= {PARAM_SOURCES[path].owner: group.owner for path, group in self._groups.items()}
        return ParamTree({**owners, **({} if sketch is None else {"sketch": sketch})})

    def set(self, tree: ParamTree, path: str, value: Any) -> bool:
        """Set a Param of a tree of these settings.

        Returns:
            Whether Params were added or removed, so that there is a new tree.

        Raises:
            UnknownName: no such owner or name.
            ParamError: a value that its Param does not accept, or a text from which no Params can
                be made.
        """
        if path not in PARAM_SOURCES:
            tree.set(path, value)
            return False
        if value == tree.value(path):
            return False
        self._set_source(path, tree[path].check(value), tree)
        self.tree().set(path, value)
        return True

    def _set_source(self, path: str, text: str, tree: ParamTree) -> None:
        source = PARAM_SOURCES[path]
        group = source.make(text, tree.owners.get(source.owner))
        groups = {**self._groups, path: group}
        found = ((path, groups.get(path)) for path in PARAM_SOURCES)
        self._groups = {path: each for path, each in found if each is not None}
        if group is not None and source.owner in vars(self):
            setattr(self, source.owner, group.owner)

    def edited(self, model: Generator) -> Generator:
        """Return the model that draws: bent, and moved along edit directions, by these settings."""
        for group in self._groups.values():
            model = group.on(model)
        return model

    def stylized(self, image: Image, size: tuple[int, int]) -> Image:
        """Return an image repainted by the stylizers of `style.chain`; see `Chain`."""
        chain = self._groups.get("style.chain")
        return image if chain is None else cast("Chain", chain)(image, size)

    def advance(self, t: Fraction) -> None:
        """Advance transport and tempo to time t in seconds."""
        self.tempo.advance(t)
        self.transport.advance(t, self.walk.loop, self.tempo.exact)
