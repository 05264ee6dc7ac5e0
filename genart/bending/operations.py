"""Operations on activations by name, each with its amounts and their neutral values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from genart.bending import (
    ops_frequency,
    ops_morphology,
    ops_pointwise,
    ops_spatial,
)
from genart.errors import UnknownName, UsageError
from genart.params import Param


@dataclass(frozen=True)
class Amount:
    """One number of an operation.

    Args:
        name: what it is called beside others.
        rest: where the operation changes nothing; None where only others decide that.
        low: the least it may be.
        high: the most.
        usual: the default.
        unit: what it is counted in.
        curve: how a fader spreads over the range.
        period: added to rest, it is at rest again; 0 for never.
        help: one sentence for people.
    """

    name: str
    rest: float | None
    low: float
    high: float
    usual: float
    unit: str = ""
    curve: str = "linear"
    period: float = 0.0
    help: str = ""

    def rests(self, value: float) -> bool:
        """Whether at this value it changes nothing."""
        if self.rest is None:
            return True
        away = value - self.rest
        return away % self.period == 0 if self.period else away == 0

    def toward(self, value: float, share: float) -> float:
        """The value so far away from rest: 0 is rest and 1 the value, both exactly."""
        if self.rest is None or share == 1:
            return value
        return self.rest + share * (value - self.rest)

    def param(self, value: float, layer: str) -> Param[float]:
        """It as a Param that begins at a value.

        Raises:
            ParamError: a value out of range.
        """
        return Param(
            float(value), self.low, self.high, unit=self.unit, curve=self.curve,
            help=f"Layer {layer}: {self.help}",
        )  # fmt: skip


@dataclass(frozen=True)
class Operation:
    """One operation.

    Args:
        name: what people write.
        change: from x (n, c, h, w) and its amounts to the same shape; gradients flow.
        amounts: what it takes.
    """

    name: str
    change: Callable[..., torch.Tensor]
    amounts: tuple[Amount, ...]

    @property
    def about(self) -> str:
        """One sentence."""
        return (self.change.__doc__ or "").partition("\n")[0]

    def rests(self, values: Sequence[float]) -> bool:
        """Whether with these amounts it changes nothing."""
        pairs = zip(self.amounts, values, strict=True)
        return all(amount.rests(value) for amount, value in pairs)

    def filled(self, values: Sequence[float]) -> tuple[float, ...]:
        """The amounts with those that are missing as they usually are.

        Raises:
            UsageError: more amounts than it takes.
        """
        if len(values) > len(self.amounts):
            names = ", ".join(amount.name for amount in self.amounts)
            raise UsageError(
                f"{self.name} has {len(self.amounts)} amounts ({names}), not {len(values)}."
            )
        given = [float(value) for value in values]
        return (*given, *(amount.usual for amount in self.amounts[len(given) :]))


def _blend(usual: float = 1.0, help: str = "") -> Amount:
    return Amount("amount", 0.0, 0.0, 1.0, usual, help=help)


_ALL = (
    Operation("translate", ops_spatial.translate, (
        Amount("across", 0.0, -1.0, 1.0, 0.25, "widths", period=1.0,
               help="shift to the right; it wraps around."),
        Amount("down", 0.0, -1.0, 1.0, 0.0, "heights", period=1.0, help="shift down."),
    )),
    Operation("rotate", ops_spatial.rotate, (
        Amount("turns", 0.0, -1.0, 1.0, 0.125, "turns", period=1.0,
               help="rotation, counter-clockwise."),
    )),
    Operation("scale", ops_spatial.scale, (
        Amount("factor", 1.0, 0.25, 4.0, 1.5, "x", "log", help="enlargement."),
    )),
    Operation("swirl", ops_spatial.swirl, (
        Amount("turns", 0.0, -2.0, 2.0, 0.25, "turns", help="rotation of the centre."),
    )),
    Operation("wave", ops_spatial.wave, (
        Amount("amount", 0.0, -0.5, 0.5, 0.1, "widths", help="horizontal shift of the rows."),
        Amount("waves", None, 0.25, 32.0, 2.0, "", "log", help="number of waves."),
    )),
    Operation("flip_h", ops_spatial.flip_h, (_blend(help="share of the flipped map."),)),
    Operation("flip_v", ops_spatial.flip_v, (_blend(help="share of the flipped map."),)),
    Operation("mirror_h", ops_spatial.mirror_h, (_blend(help="share of the mirrored half."),)),
    Operation("mirror_v", ops_spatial.mirror_v, (_blend(help="share of the mirrored half."),)),
    Operation("kaleidoscope", ops_spatial.kaleidoscope, (
        _blend(help="share of the kaleidoscope."),
        Amount("folds", None, 1.0, 16.0, 6.0, help="number of folds."),
    )),
    Operation("erode", ops_morphology.erode, (
        Amount("radius", 0.0, 0.0, 8.0, 1.0, "px", help="radius of the erosion."),
    )),
    Operation("dilate", ops_morphology.dilate, (
        Amount("radius", 0.0, 0.0, 8.0, 1.0, "px", help="radius of the dilation."),
    )),
    Operation("multiply", ops_pointwise.multiply, (
        Amount("factor", 1.0, -4.0, 4.0, 2.0, "x", help="factor on the values."),
    )),
    Operation("ablate", ops_pointwise.ablate, (_blend(help="share that is removed."),)),
    Operation("invert", ops_pointwise.invert, (_blend(help="share of the inverted map."),)),
    Operation("threshold", ops_pointwise.threshold, (
        _blend(help="share of the thresholded map."),
        Amount("level", None, -4.0, 4.0, 0.5, help="threshold."),
    )),
    Operation("quantise", ops_pointwise.quantise, (
        _blend(help="share of the quantised map."),
        Amount("steps", None, 0.25, 16.0, 1.0, "", "log", help="steps per unit."),
    )),
    Operation("noise", ops_pointwise.noise, (
        Amount("amount", 0.0, 0.0, 4.0, 0.5, help="amount of fixed noise."),
        Amount("seed", None, 0.0, 999.0, 0.0, help="seed of the noise."),
    )),
    Operation("frequency", ops_frequency.frequency, (
        Amount("across", 0.0, -32.0, 32.0, 2.0, "cycles", help="horizontal frequency shift."),
        Amount("down", 0.0, -32.0, 32.0, 0.0, "cycles", help="vertical frequency shift."),
    )),
    Operation("blur", ops_frequency.blur, (
        Amount("radius", 0.0, 0.0, 0.5, 0.05, "sides", help="radius of the blur."),
    )),
    Operation("sharpen", ops_frequency.sharpen, (
        Amount("amount", 0.0, 0.0, 8.0, 1.0, help="amount of sharpening."),
        Amount("radius", None, 0.005, 0.5, 0.05, "sides", "log", help="width of the edges."),
    )),
)  # fmt: skip

#: Every operation by name.
OPERATIONS = {each.name: each for each in _ALL}


def operation(name: str) -> Operation:
    """The operation of a name.

    Raises:
        UnknownName: there is none.
    """
    if name not in OPERATIONS:
        raise UnknownName("operation", name, OPERATIONS, "docs/bending.md lists them.")
    return OPERATIONS[name]
