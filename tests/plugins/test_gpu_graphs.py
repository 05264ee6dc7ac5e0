"""How recordings are kept on CUDA, on a stand-in that refuses what torch and CUDA refuse."""

from __future__ import annotations

import gc
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from genart_stylegan2.gpu import graphs
from genart_stylegan2.gpu.graphs import CudaRecorder, in_turn

Pool = tuple[int, int]


@dataclass(eq=False)
class Queue:
    """A stream."""

    gpu: Gpu
    index: int

    def wait_stream(self, other: Queue) -> None:
        assert other.index == self.index, "a stream of another device"

    def wait_event(self, event: Event) -> None:
        self.gpu.order.append(("waits", self, event.recorded))


@dataclass(eq=False)
class Event:
    recorded: Queue | None = None

    def record(self, stream: Queue) -> None:
        self.recorded = stream


class Graph:
    """Holds its pool until it is gone."""

    def __init__(self, gpu: Gpu) -> None:
        self.gpu = gpu
        self.pool: Pool | None = None

    def replay(self) -> None:
        assert self.pool is not None, "no capture that ended"

    def __del__(self) -> None:
        if self.pool is not None:
            self.gpu.users[self.pool] -= 1


class Gpu:
    """As much of torch.cuda as recordings need."""

    def __init__(self) -> None:
        self.device, self.here = 0, threading.local()
        self.defaults: dict[int, Queue] = {}
        self.users: Counter[Pool] = Counter()
        self.known: set[Pool] = set()
        self.captured: list[tuple[Queue, Pool]] = []
        self.order: list[tuple[str, Queue, Queue | None]] = []
        self.handles, self.stuck = count(1), False
        self.reset: list[Any] = []
        self.default_generators = [
            SimpleNamespace(clone_state=lambda: "fresh", graphsafe_set_state=self.reset.append)
        ] * 2
        self.memory = SimpleNamespace(
            _cuda_endAllocateToPool=lambda index, pool: self.reset.append((index, pool))
        )
        self.Event = Event

    def Stream(self, index: int | None = None) -> Queue:
        return Queue(self, self.device if index is None else index)

    def CUDAGraph(self) -> Graph:
        return Graph(self)

    def current_device(self) -> int:
        return self.device

    def current_stream(self, device: torch.device | None = None) -> Queue:
        index = self.device if device is None else device.index
        found: Queue = getattr(self.here, f"stream{index}", None) or self.defaults.setdefault(
            index, Queue(self, index)
        )
        return found

    def graph_pool_handle(self) -> Pool:
        return 0, next(self.handles)

    @contextmanager
    def stream(self, stream: Queue) -> Iterator[None]:
        name = f"stream{stream.index}"
        before = getattr(self.here, name, None)
        setattr(self.here, name, stream)
        try:
            yield
        finally:
            setattr(self.here, name, before)

    @contextmanager
    def graph(
        self, graph: Graph, pool: Pool, stream: Queue, capture_error_mode: str
    ) -> Iterator[None]:
        assert graphs.CAPTURING.locked(), "two captures at once"
        assert stream.index == self.device, "work goes to another device's stream"
        if pool in self.known and not self.users[pool]:
            raise RuntimeError("INTERNAL ASSERT FAILED: it->second->use_count > 0")
        name, before = f"stream{stream.index}", self.current_stream()
        setattr(self.here, name, stream)
        yield
        if self.stuck:  # the stream stays as it is, as in torch
            raise RuntimeError("operation failed due to a previous error during capture")
        setattr(self.here, name, before)
        graph.pool = pool
        self.users[pool] += 1
        self.known.add(pool)
        self.captured.append((stream, pool))


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Gpu:
    made = Gpu()
    monkeypatch.setattr(graphs, "cuda", made)
    monkeypatch.setattr(graphs, "_LANES", {})
    return made


def work() -> Any:
    return torch.zeros(1)


def test_recordings_share_memory_until_the_last_is_gone(gpu: Gpu) -> None:
    record = CudaRecorder()
    kept = [record(work) for _ in range(2)]
    assert gpu.captured[0] == gpu.captured[1]
    kept.pop()
    kept.append(record(work))
    assert gpu.captured[2] == gpu.captured[0]
    kept.clear()
    gc.collect()
    again = record(work)  # torch would refuse the memory that nothing uses any more
    assert gpu.captured[3][1] != gpu.captured[0][1]
    assert torch.equal(again(), work())


def test_each_device_has_a_stream_of_its_own_for_captures(gpu: Gpu) -> None:
    kept = []
    for gpu.device in (0, 1, 0):
        kept.append(CudaRecorder()(work))
        assert gpu.current_stream() is gpu.defaults[gpu.device]
    streams = [stream for stream, _ in gpu.captured]
    assert [stream.index for stream in streams] == [0, 1, 0]
    assert streams[0] is streams[2]
    assert not set(streams) & set(gpu.defaults.values())


def test_graphs_of_a_device_play_after_one_another_on_whatever_streams(gpu: Gpu) -> None:
    device, own = torch.device("cuda", 0), gpu.Stream(0)
    with in_turn(device):
        pass
    with gpu.stream(own), in_turn(device):
        pass
    with in_turn(device):
        pass
    usual = gpu.current_stream()
    assert gpu.order == [("waits", usual, None), ("waits", own, usual), ("waits", usual, own)]
    with in_turn(torch.device("cpu")):
        assert len(gpu.order) == 3


def test_a_capture_that_cannot_be_ended_leaves_stream_lock_and_chance_as_they_were(
    gpu: Gpu,
) -> None:
    record = CudaRecorder()
    good = record(work)
    usual, gpu.stuck = gpu.current_stream(), True
    with pytest.raises(RuntimeError, match="previous error"):
        record(work)
    assert gpu.current_stream() is usual
    assert not graphs.CAPTURING.locked()
    assert gpu.reset == [(0, gpu.captured[0][1]), "fresh"]
    gpu.stuck = False
    with pytest.raises(RuntimeError, match="earlier recording"):
        CudaRecorder()(work)
    assert torch.equal(good(), work())
    gpu.device = 1
    CudaRecorder()(work)


def test_memory_that_runs_out_does_not_end_all_recordings(gpu: Gpu) -> None:
    calls = count()

    def greedy() -> Any:
        if next(calls) == 3:  # after the runs that warm it up
            raise torch.OutOfMemoryError("CUDA out of memory")
        return torch.zeros(1)

    with pytest.raises(torch.OutOfMemoryError):
        CudaRecorder()(greedy)
    CudaRecorder()(work)
