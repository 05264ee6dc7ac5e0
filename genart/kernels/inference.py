"""Compute what a network computes by kernels, where a call is an ordinary one."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from genart.kernels.library import Library, library
from genart.kernels.program import Program
from genart.kernels.recent import Recent
from genart.kernels.watch import Marks, Probe, is_ordinary, is_plain, marks
from genart.kernels.weights import PackedWeights

#: Computes an output from the inputs of one call.
Plan = Callable[..., Tensor]
#: Adds a network's steps for a key, such as a size, to a program; None where kernels cannot.
Planner = Callable[[Any, Program, Any], Plan | None]


class Inference:
    """The outputs of a network by kernels; None in every case that they cannot compute exactly.

    The network is the reference, and is used wherever the result is None: without a library of
    kernels, for gradients, hooks, training, autocast, other number formats and devices. It is
    looked at in every call: changed weights are prepared again first. A plan is kept for each of
    the last keys, with its memory, so that no call allocates any.

    May be used from several threads; one computes at a time.

    Args:
        network: not copied.
        planner: called with the network, an empty program and a key.
        known: the classes of its modules whose `forward` the planner knows.
    """

    def __init__(
        self, network: nn.Module, planner: Planner, known: Iterable[type[nn.Module]]
    ) -> None:
        self.network, self._planner, self._known = network, planner, frozenset(known)
        self._turn = threading.Lock()
        self._prepared: _Prepared | None = None

    def __deepcopy__(self, memo: dict[int, Any]) -> Inference:
        return Inference(copy.deepcopy(self.network, memo), self._planner, self._known)

    def __reduce__(self) -> tuple[type[Inference], tuple[Any, ...]]:
        return Inference, (self.network, self._planner, self._known)

    def __call__(self, key: Hashable, *given: Any) -> Tensor | None:
        """Compute an output.

        Args:
            key: of the plan: whatever its steps depend on except the values of weights.
            given: what the plan takes.

        Returns:
            A new tensor, or None where the network is to be used.
        """
        kernels = library()
        if kernels is None or not is_ordinary(*given):
            return None
        found = marks(self.network, self._known)
        if found is None:
            return None
        with self._turn, torch.inference_mode(False), torch.no_grad():
            made = self._current(kernels, found)
            plan = None if made is None else self._plan(made, key)
            return None if plan is None else plan(*given)

    def _current(self, kernels: Library, found: Marks) -> _Prepared | None:
        """What was prepared of the weights as they are; None if these cannot be used."""
        made = self._prepared
        if made is None or not made.fits(kernels, found):
            plain = is_plain(self.network)
            made = _Prepared(PackedWeights(kernels), found, Probe(self.network)) if plain else None
            self._prepared = made
        return made

    def _plan(self, made: _Prepared, key: Hashable) -> Plan | None:
        """The plan for a key."""

        def make() -> tuple[Plan | None, Program]:
            program = Program(made.weights)
            return self._planner(self.network, program, key), program

        return made.plans.get(key, make)[0]


@dataclass
class _Prepared:
    """What was prepared of the weights of a network.

    Args:
        weights: packed.
        marks: of the network as it was then.
        probe: likewise.
        plans: by key, with their programs.
    """

    weights: PackedWeights
    marks: Marks
    probe: Probe
    plans: Recent[tuple[Plan | None, Program]] = field(
        default_factory=lambda: Recent(lambda plan: plan[1].bytes)
    )

    def fits(self, kernels: Library, found: Marks) -> bool:
        """Whether kernels and weights are still the same."""
        same = self.weights.library is kernels and self.marks == found
        return same and self.probe.holds()
