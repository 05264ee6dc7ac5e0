"""The memory of the last frame of a film, so that the next one is similar."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from genart_neural_style import flow

_STILL = 10.0  # how fast trust falls with a change of colour, without flow
_CUT = 0.2  # of an image that can be trusted: below it another scene has begun


@dataclass
class Memory:
    """The last frame and how it was painted.

    Args:
        follows: whether things that moved are followed by optical flow.
    """

    follows: bool
    frame: Tensor | None = None
    painted: Tensor | None = None

    def keep(self, frame: Tensor, painted: Tensor) -> None:
        """Remember a frame, both (1, 3, h, w) in -1..1."""
        self.frame, self.painted = frame, painted

    def recall(self, frame: Tensor) -> tuple[Tensor, Tensor] | None:
        """The last painted frame as the start of this one, and its confidence; None at first.

        Returns:
            (1, 3, h, w) in -1..1 and (1, 1, h, w) in 0..1. Without flow all is trusted where the
            frames are alike. None after a cut, too: where little can be trusted.
        """
        if self.frame is None or self.painted is None or self.frame.shape != frame.shape:
            return None
        if self.follows:
            before, trust = flow.moved(self.frame, frame, self.painted)
        else:
            change = (frame - self.frame).abs().mean(1, keepdim=True)
            before, trust = self.painted, torch.exp(-_STILL * change)
        return (before, trust) if trust.mean() >= _CUT else None


def memory(kind: str) -> Memory | None:
    """The memory of a film.

    Args:
        kind: "flow", "last", "none", or "auto": flow if it is installed, or else last.

    Raises:
        MissingExtra: "flow" without genart[flow].
    """
    if kind == "none":
        return None
    if kind == "flow" and not flow.available():
        flow.require()
    return Memory(follows=kind == "flow" or (kind == "auto" and flow.available()))
