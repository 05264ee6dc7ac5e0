"""Chain: stylizers one after the other, with all their Params in one owner."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import torch

from genart.contracts import Generator, Image, Stylizer
from genart.errors import GenartError, MissingExtra, ParamError
from genart.media.frames import cover
from genart.param_groups import keep_values
from genart.params import DynamicParams, Param, params_of
from genart.styling.factory import repainted, stylizers
from genart.styling.settings import StyleSettings


class ChainParams(DynamicParams, StyleSettings):
    """The owner `style`: its settings, and the Params of the stylizers of a chain."""


class Chain:
    """What a text such as "fast:great_wave + cyclegan:fruit.pth" paints over an image.

    The Params that stylizers declare become those of `owner`, by their own names; those of a second
    stylizer end in _2, of a third in _3.

    Args:
        text: the chain; "" paints nothing.
        before: the owner of a chain that this one replaces; what both have keeps its value.

    Attributes:
        owner: holds `chain`, `amount`, `size`, and the Params of the stylizers.
        stylizers: in order.

    Raises:
        ParamError: a stylizer that is not there, or cannot be had.
    """

    def __init__(self, text: str, before: object | None = None) -> None:
        try:
            self.stylizers: Sequence[Stylizer] = stylizers(text)
            self.reset()  # a film or performance begins
        except MissingExtra:
            raise
        except (GenartError, OSError) as error:
            raise ParamError(f"style: {error}") from error
        self.owner = _owner(self.stylizers)
        keep_values(self.owner, before)
        self.owner.chain = text

    def on(self, model: Generator) -> Generator:
        """The model: a chain changes what is drawn, not what draws."""
        return model

    def __call__(self, image: Image, size: tuple[int, int]) -> Image:
        """An image painted over.

        Args:
            image: (n, 1, 3 or 4, h, w) in -1..1; alpha stays as it is.
            size: (h, w) of the image that goes out. It is painted at that size, or with
                `owner.size` pixels on its shorter side.

        Returns:
            (n, 3 or 4, h, w) of the size it was painted at; the image itself where there is
            nothing to paint.

        Raises:
            PluginError: a stylizer that failed, or gave another size than it got.
        """
        if not self.stylizers or not self.owner.amount:
            return image
        image = cover(image.detach().float(), _painted_at(size, self.owner.size))
        colours = image[:, :3].expand(-1, 3, -1, -1)
        painted = colours
        for number, each in enumerate(self.stylizers, 1):
            self._turn(number, each)
            painted = repainted(each, painted)
        painted = torch.lerp(colours, painted, self.owner.amount)
        return torch.cat([painted, image[:, 3:]], 1) if image.shape[1] == 4 else painted

    def reset(self) -> None:
        """Forget the last image: a new film begins."""
        for each in self.stylizers:
            if (forget := getattr(each, "reset", None)) is not None:
                forget()

    def _turn(self, number: int, stylizer: Stylizer) -> None:
        for name in params_of(stylizer):
            value = getattr(self.owner, _key(name, number))
            if getattr(stylizer, name) != value:
                setattr(stylizer, name, value)


def _owner(stylizers: Sequence[Stylizer]) -> ChainParams:
    """An owner with the Params of all, which begin where the stylizers stand."""
    made: dict[str, Param[Any]] = {}
    values: dict[str, Any] = {}
    for number, each in enumerate(stylizers, 1):
        for name, key, param in _named(number, each):
            made[key] = param
            values[key] = getattr(each, name)
    owner = ChainParams(made)
    for key, value in values.items():
        setattr(owner, key, value)
    return owner


def _named(number: int, stylizer: Stylizer) -> Iterator[tuple[str, str, Param[Any]]]:
    for name, param in params_of(stylizer).items():
        key = _key(name, number)
        if key in params_of(StyleSettings):
            raise ParamError(f'style: a stylizer\'s Param cannot be called "{name}".')
        yield name, key, replace(param)  # a Param knows its name: each position has its own copy


def _key(name: str, number: int) -> str:
    return name if number == 1 else f"{name}_{number}"


def _painted_at(size: tuple[int, int], shorter: int) -> tuple[int, int]:
    if not shorter:
        return size
    scale = shorter / min(size)
    return max(round(size[0] * scale), 1), max(round(size[1] * scale), 1)
