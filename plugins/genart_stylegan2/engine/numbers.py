"""Values that change from image to image: styles, demodulation, noise, in fixed memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from genart_stylegan2.layers import FullyConnected
from genart_stylegan2.synthesis import Noise, turned

from .crew import Settings, steps_only
from .forms import Form, Slots
from .memory import Step


@dataclass(frozen=True)
class Reader:
    """A layer that takes its style from a w.

    Args:
        affine: what makes the style.
        at: which w.
        form: the convolution, or None for a layer to RGB.
        gain: a factor on the style.
    """

    affine: FullyConnected
    at: int
    form: Form | None = None
    gain: float = 1.0


class Numbers:
    """The numbers of an image, for its layers in their order.

    Args:
        num_ws: how many w make a w+.
        readers: the layers.

    Attributes:
        slots: one for each reader.
    """

    def __init__(self, num_ws: int, readers: Sequence[Reader]) -> None:
        self._ws = torch.empty(num_ws, readers[0].affine.weight.shape[1])
        sizes = [reader.affine.weight.shape[0] for reader in readers]
        self._styles, self._squares = _Row(sizes), _Row(sizes)
        forms = [reader.form for reader in readers if reader.form is not None]
        outs = [form.packed.out for form in forms]
        self._demod, self._shift = _Row(outs), _Row(outs)
        self._noise = _Row([form.size[0] * form.size[1] for form in forms])
        self._readers, self._forms = readers, forms
        self._kind: Noise | None = None
        self._ends: dict[float, Tensor] = {}
        self.slots = self._make_slots()

    def take(self, ws: Tensor, noise: Noise) -> None:
        """Set w+ (num_ws, w_dim) and a kind of noise, before its stage runs."""
        self._ws.copy_(ws)
        self._take_noise(noise)

    def stage(self) -> Settings:
        """What works out styles and demodulation, one task for each layer."""
        return [steps_only(*self._steps(n)) for n in range(len(self._readers))]

    def _steps(self, n: int) -> list[Step]:
        reader, style, power = self._readers[n], self._styles.parts[n], self._squares.parts[n]
        gain, affine = reader.gain, reader.affine
        steps: list[Step] = [
            partial(
                torch.addmv, affine.bias.detach(), affine.weight.detach(), self._ws[reader.at],
                beta=gain * affine.bias_gain, alpha=gain * affine.weight_gain, out=style,
            )
        ]  # fmt: skip
        if reader.form is None:
            return steps
        packed, at = reader.form.packed, self._forms.index(reader.form)
        demod, shift = self._demod.parts[at], self._shift.parts[at]
        return [
            *steps,
            partial(torch.mul, style, style, out=power),
            partial(torch.addmv, packed.eps, packed.power, power, out=demod),
            partial(torch.rsqrt, demod, out=demod),
            partial(torch.div, packed.bias, demod, out=shift),
        ]

    def _take_noise(self, noise: Noise) -> None:
        if isinstance(noise, str) and noise == self._kind != "random":
            return
        self._kind = None  # until all of it is there
        if isinstance(noise, str):
            self._draw(noise)
            self._kind = noise
        else:
            begin, quarter = self._end(0.0), self._end(0.25)  # before the sum: they are drawn there
            across, up = turned(noise)[0].tolist()
            torch.mul(begin, across, out=self._noise.whole).add_(quarter, alpha=up)

    def _end(self, phase: float) -> Tensor:
        """All maps a quarter of the walk through noise apart, which any phase is a blend of."""
        if phase not in self._ends:
            self._draw(turned(torch.tensor([phase])).round().to(self._ws))
            self._ends[phase] = self._noise.whole.clone()
        return self._ends[phase]

    def _draw(self, noise: Noise) -> None:
        for form, kept in zip(self._forms, self._noise.parts, strict=True):
            drawn = form.packed.layer.noise_map(1, form.size, noise)
            if drawn is None:
                kept.zero_()
            else:
                kept.copy_(form.order(drawn.reshape(form.size) * form.packed.gain)[:, 0])

    def _make_slots(self) -> list[Slots]:
        parts = zip(self._demod.parts, self._shift.parts, self._noise.parts, strict=True)
        none = torch.empty(0)
        slots = []
        for reader, style in zip(self._readers, self._styles.parts, strict=True):
            demod, shift, noise = (none, none, none) if reader.form is None else next(parts)
            slots.append(Slots(style, demod, shift, noise[:, None]))
        return slots


class _Row:
    """Vectors one after the other in one piece of memory."""

    def __init__(self, sizes: Sequence[int]) -> None:
        self.whole = torch.empty(sum(sizes))
        self.parts = torch.split(self.whole, list(sizes))
