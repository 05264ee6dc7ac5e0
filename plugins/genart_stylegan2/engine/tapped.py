"""An image with changed layers: the engine's stages, with a stop at each layer.

The layers before and after a changed one are made as always, so that they lose no speed.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import partial
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from genart_stylegan2.synthesis import Noise, Synthesis

from .crew import Settings, Task, steps_only
from .engine import Engine, _is_plain_call
from .forms import Each, Form, Slots
from .packed import Weights
from .plan import Plan

Changes = Mapping[str, Callable[[Tensor], Tensor]]
_KEPT = 2  # plans of an engine; each has memory of its own


class TappedPlan(Plan):
    """The stages of one image, with a stop after some of its layers.

    Args:
        synthesis: the network.
        weights: its layers' weights.
        start: size (h, w) of the first map.
        top: the last block's resolution.
        layers: names of the convolutions that are changed.

    Attributes:
        layers: where it stops.
        changes: by layer, from its activations (1, c, h, w) to the same shape; a layer without one
            stays as it is.
    """

    def __init__(
        self,
        synthesis: Synthesis,
        weights: Weights,
        start: tuple[int, int],
        top: int,
        layers: frozenset[str],
    ) -> None:
        self._names = {conv: name for name, conv in synthesis.convolutions() if name in layers}
        self.layers = layers
        self.changes: Changes = {}
        super().__init__(synthesis, weights, start, top)

    def _tapped(self, form: Form) -> str | None:
        return self._names.get(form.packed.layer)

    def _kept(self, forms: list[Form]) -> bool:
        return super()._kept(forms) or self._tapped(forms[-1]) is not None

    def _is_whole(self, form: Form) -> bool:
        return super()._is_whole(form) or self._tapped(form) is not None

    def _conv(
        self, form: Form, piece: int, x: Tensor, slots: Slots,
        on: Callable[[Tensor], Each] | None = None,
    ) -> tuple[list[Settings], Tensor]:  # fmt: skip
        stages, y = super()._conv(form, piece, x, slots, on)
        name = self._tapped(form)
        return (stages, y) if name is None else ([*stages, [self._stop(name, y)]], y)

    def _stop(self, name: str, y: Tensor) -> Task:
        return steps_only(partial(self._change, name, y))

    def _change(self, name: str, y: Tensor) -> None:
        """Replace a map (h, w, c) by its changed values."""
        if (change := self.changes.get(name)) is not None:
            y.copy_(change(y.permute(2, 0, 1)[None].contiguous())[0].permute(1, 2, 0))


class _Kept:
    """The plans of an engine, as long as its weights stay."""

    def __init__(self) -> None:
        self.weights: Weights | None = None
        self.plans: OrderedDict[tuple[tuple[int, int], int], TappedPlan] = OrderedDict()


_kept: WeakKeyDictionary[Engine, _Kept] = WeakKeyDictionary()


def changed(
    engine: Engine,
    ws: Tensor,
    noise: Noise,
    start: tuple[int, int],
    top: int,
    changes: Changes,
) -> Tensor | None:
    """As `Engine.__call__`, with what some layers make changed; None where the network is asked.

    Args:
        engine: owner of the weights and the lock.
        ws: (1, num_ws, w_dim).
        noise: as for the engine.
        start: as for the engine.
        top: as for the engine.
        changes: by layer; they must not ask the engine for an image.
    """
    if not _is_plain_call(ws):
        return None
    with engine._turn, torch.inference_mode(False), torch.no_grad():
        if not engine._is_current():
            return None
        plan = _plan(engine, start, top, frozenset(changes))
        plan.changes = changes
        try:
            return plan(ws.detach(), noise)
        finally:
            plan.changes = {}


def _plan(engine: Engine, start: tuple[int, int], top: int, layers: frozenset[str]) -> TappedPlan:
    """The plan of a size that stops at these layers, and at those that were changed before.

    A stop where nothing is to be done costs next to nothing, and a new plan as much as an image.
    """
    kept = _kept.setdefault(engine, _Kept())
    if kept.weights is not engine._weights:
        kept.plans.clear()
        kept.weights = engine._weights
    before = kept.plans.pop((start, top), None)
    if before is None or not layers <= before.layers:
        layers |= frozenset() if before is None else before.layers
        before = TappedPlan(engine._synthesis, engine._weights, start, top, layers)
    kept.plans[start, top] = before  # the last one
    while len(kept.plans) > _KEPT:
        kept.plans.popitem(last=False)
    return before
