"""Work of fixed shapes, recorded once and played again: CUDA graphs, and how they are kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import torch
from torch import Tensor

Work = Callable[[], Tensor]
_WARM = 3  # runs before one is recorded, in which libraries choose how to work
_KEPT = 8  # recordings


class Recorded:
    """A function of tensors whose shapes never change.

    Args:
        function: what to record; it reads its inputs in place.
        inputs: examples, whose memory it reads from then on.
        record: makes of work what plays it again and gives the same memory each time.
    """

    def __init__(
        self,
        function: Callable[..., Tensor],
        inputs: Sequence[Tensor],
        record: Callable[[Work], Work],
    ) -> None:
        self.inputs = [each.clone() for each in inputs]
        self._play = record(lambda: function(*self.inputs))

    def __call__(self, *inputs: Tensor) -> Tensor:
        """A fresh result for inputs of the recorded shapes; one that is its own is not copied."""
        for mine, given in zip(self.inputs, inputs, strict=True):
            if mine is not given:
                mine.copy_(given)
        return self._play().clone()


class Shelf:
    """Recordings by key: the least recently used goes first."""

    def __init__(self, most: int = _KEPT) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What is kept under a key, made if it is not there."""
        if key not in self._kept:
            made = make()  # first: what fails leaves the others where they are
            while len(self._kept) >= self._most:
                self._kept.popitem(last=False)
            self._kept[key] = made
        self._kept.move_to_end(key)
        return self._kept[key]

    def clear(self) -> None:
        """Keep none."""
        self._kept.clear()


class CudaRecorder:
    """Records with CUDA graphs that share their memory, as they never play at once."""

    def __init__(self) -> None:
        self._pool: Any = None

    def __call__(self, work: Work) -> Work:
        """What plays the work again on the stream that is current then."""
        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(_WARM):
                work()
        torch.cuda.current_stream().wait_stream(aside)
        self._pool = self._pool or torch.cuda.graph_pool_handle()
        graph = torch.cuda.CUDAGraph()
        # other threads may go on using the GPU meanwhile
        with torch.cuda.graph(graph, pool=self._pool, capture_error_mode="thread_local"):
            made = work()

        def play() -> Tensor:
            graph.replay()
            return made

        return play
