"""The engine: the synthesis network's images, several times as fast, on a CPU."""

from __future__ import annotations

import contextlib
import copy
import threading
from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad

from genart_stylegan2.engine import native
from genart_stylegan2.synthesis import Noise, Synthesis

from .packed import Weights
from .plan import Plan
from .watch import (
    Marks,
    Probe,
    is_plain,
    marks,
)

Shape = tuple[tuple[int, int], int]


class Engine:
    """Makes what a synthesis network makes, to within rounding, for one image at a time.

    It knows each weight in the form that is fastest to use, and every size it has made as a list
    of steps over memory that it keeps. It looks at the network at every image: changed weights
    are prepared again first, and cases that it cannot compute exactly are left to the network,
    which is
    the reference: gradients, hooks, half precision, other devices, several images at once.

    Where the accelerator was built (see `engine.native`), its kernels do the work, in every image
    or in none.

    May be used from several threads, one at a time.

    Args:
        synthesis: the network; not copied.
        accelerated: whether the accelerator may be used.
    """

    def __init__(self, synthesis: Synthesis, accelerated: bool = True) -> None:
        self._synthesis, self._accelerated = synthesis, accelerated
        self._library: Any = None
        self._asked = not accelerated
        self._kernels: native.Kernels | None = None
        self._plans: dict[Shape, Plan | native.NativePlan] = {}
        self._turn = threading.Lock()
        self._marks: Marks | None = None
        self._probe: Probe | None = None
        self._forget()

    def __deepcopy__(self, memo: dict[int, Any]) -> Engine:
        return Engine(copy.deepcopy(self._synthesis, memo), self._accelerated)

    def __reduce__(self) -> tuple[type[Engine], tuple[Synthesis, bool]]:
        return Engine, (self._synthesis, self._accelerated)

    def __call__(self, ws: Tensor, noise: Noise, start: tuple[int, int], top: int) -> Tensor | None:
        """From ws (1, num_ws, w_dim) to a fresh image, or None where the network is to be asked.

        Args:
            ws: as `Synthesis` takes them.
            noise: "const", "random", "none" or phases (1,).
            start: size (h, w) of the first map.
            top: the last block's resolution.
        """
        if not _is_plain_call(ws):
            return None
        with self._turn, torch.inference_mode(False), torch.no_grad():
            if not self._is_current():
                return None
            if (start, top) not in self._plans:
                self._plans[start, top] = self._planned(start, top)
            return self._plans[start, top](ws.detach(), noise)

    def _planned(self, start: tuple[int, int], top: int) -> Plan | native.NativePlan:
        """A plan for a size, by the accelerator where there is one that can."""
        if not self._asked:
            self._library, self._asked = native.library(), True
        if self._library is not None and native.is_possible(self._synthesis):
            if self._kernels is None:
                self._kernels = native.Kernels(self._library)
            with contextlib.suppress(MemoryError):  # it keeps more than the steps in torch do
                return native.NativePlan(self._synthesis, self._kernels, start, top)
        return Plan(self._synthesis, self._weights, start, top)

    def _is_current(self) -> bool:
        """Prepare the weights if they changed; False if the engine cannot use them."""
        found = marks(self._synthesis)
        if found is None:
            return False
        if found != self._marks or self._probe is None or not self._probe.holds():
            self._forget()
            if not is_plain(self._synthesis):
                return False
            self._marks, self._probe = found, Probe(self._synthesis)
        return True

    def _forget(self) -> None:
        self._marks = self._probe = None
        self._weights = Weights()
        self._kernels = None
        self._plans = {}


def _is_plain_call(ws: Tensor) -> bool:
    """Whether these are ordinary numbers for one image that nothing is watching."""
    return (
        type(ws) is Tensor
        and len(ws) == 1
        and ws.dtype == torch.float32
        and ws.device.type == "cpu"
        and not (ws.requires_grad and torch.is_grad_enabled())
        and not torch.is_autocast_enabled("cpu")
        and forward_ad._current_level < 0
        and not torch._C._functorch.is_functorch_wrapped_tensor(ws)
    )
