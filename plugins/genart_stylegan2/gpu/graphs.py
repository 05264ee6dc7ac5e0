"""CUDA graphs: work of fixed shapes, recorded once and replayed, and their cache."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from weakref import WeakSet

import torch
from torch import Tensor, cuda

Work = Callable[[], Tensor]
#: Held while a graph is captured: torch allows one capture at a time in a process, and until
#: then no other thread may draw random numbers on the device.
CAPTURING = threading.Lock()
_WARM = 3  # runs before one is recorded, in which libraries choose how to work
_KEPT = 8  # recordings


class Recorded:
    """A function of tensors whose shapes never change.

    Args:
        function: what to record; it reads its inputs from fixed memory.
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
    """Records with CUDA graphs of the current device that share their memory.

    They must not play at once, see `in_turn`.
    """

    def __init__(self) -> None:
        self._pool: Any = None
        self._kept: WeakSet[Work] = WeakSet()

    def __call__(self, work: Work) -> Work:
        """What plays the work again on the stream that is current then.

        Raises:
            RuntimeError: work that cannot be captured, now or earlier on this device.
        """
        lane = _lane(cuda.current_device())
        _warm(work, lane.aside)
        with CAPTURING:
            if not self._kept:
                self._pool = cuda.graph_pool_handle()  # torch gives up one that no graph uses
            play = _captured(work, self._pool, lane)
            self._kept.add(play)
        return play


class _Lane:
    """What all graphs of one device have in common.

    Args:
        index: the device's.

    Attributes:
        index: the device's.
        stream: where they are captured, and where nothing else runs.
        aside: where work is done before; new ones would in time be those above, as torch has 32.
        whole: False once a capture could not be ended: what torch keeps for a device is then in
            no known state.
        turn: held by the thread that is launching one.
        done: when all that was launched is done.
    """

    def __init__(self, index: int) -> None:
        self.index, self.whole = index, True
        self.stream: Any = cuda.Stream(index)  # type: ignore[no-untyped-call]
        self.aside: Any = cuda.Stream(index)  # type: ignore[no-untyped-call]
        self.turn = threading.Lock()
        self.done: Any = cuda.Event()  # type: ignore[no-untyped-call]


_LANES: dict[int, _Lane] = {}


def _lane(index: int) -> _Lane:
    """A device's, one and the same for all threads."""
    return _LANES.get(index) or _LANES.setdefault(index, _Lane(index))


@contextmanager
def in_turn(device: torch.device) -> Iterator[None]:
    """Have what is launched in the block begin when the graphs before it are done.

    Those of one engine share memory and all of a device share cuBLAS's workspace, so they play one
    after the other, whatever thread launches them and on whatever stream.
    """
    if device.type != "cuda":
        yield
        return
    lane = _lane(device.index)
    with lane.turn:
        stream = cuda.current_stream(device)
        stream.wait_event(lane.done)
        try:
            yield
        finally:
            lane.done.record(stream)


def _warm(work: Work, aside: Any) -> None:
    """Do work a few times on another stream; libraries choose how to do it, and allocate."""
    here = cuda.current_stream()
    aside.wait_stream(here)
    try:
        with cuda.stream(aside):
            for _ in range(_WARM):
                work()
    finally:
        here.wait_stream(aside)


def _captured(work: Work, pool: Any, lane: _Lane) -> Work:
    """What plays work again, captured; the caller holds `CAPTURING`."""
    if not lane.whole:
        raise RuntimeError("an earlier recording on this device could not be stopped")
    graph = cuda.CUDAGraph()
    try:
        # the outer one puts the stream back where a capture cannot be ended, which torch leaves;
        # other threads may go on using the GPU meanwhile
        with cuda.stream(lane.stream), cuda.graph(
            graph, pool=pool, stream=lane.stream, capture_error_mode="thread_local"
        ):  # fmt: skip
            made = work()
    except torch.OutOfMemoryError:
        raise  # a capture that has ended as it should
    except Exception:
        _abandon(lane, pool)
        raise

    def play() -> Tensor:
        graph.replay()
        return made

    return play


def _abandon(lane: _Lane, pool: Any) -> None:
    """Clear up after a capture that failed: its memory and chance are not kept for it any longer.

    torch leaves that undone where CUDA refuses to end a capture: memory in use on two streams would
    never come back, and numbers drawn outside of a capture would be refused.
    """
    lane.whole = False
    with suppress(RuntimeError, AttributeError):  # it was ended
        cuda.memory._cuda_endAllocateToPool(lane.index, pool)
    chance = cuda.default_generators[lane.index]
    chance.graphsafe_set_state(chance.clone_state())
