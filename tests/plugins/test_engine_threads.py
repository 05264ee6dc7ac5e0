"""The engine's threads: as many as torch has, and never to be seen in an image."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future

import pytest
import torch
from support.stylegan2_cases import CASES, fill

from genart_stylegan2.config import Config
from genart_stylegan2.engine.crew import Crew, Task, _Shift, steps_only
from genart_stylegan2.engine.memory import Scratch
from genart_stylegan2.generator import StyleGAN2
from genart_stylegan2.network import Network
from genart_stylegan2.tf32 import exact


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("case", ["64px", "resnet"])
def test_an_image_is_the_same_bit_for_bit_on_any_number_of_threads(case: str) -> None:
    model = StyleGAN2.from_network(fill(Network(Config.from_dict(CASES[case]))))
    latent, made = model.sample(1), []
    for many in (1, 2, 3, 2, 1):
        torch.set_num_threads(many)
        made.append(model(latent))
        assert torch.get_num_threads() == many, "the caller keeps its own"
    assert all(torch.equal(each, made[0]) for each in made)


def test_threads_that_come_later_have_as_many_as_before() -> None:
    torch.set_num_threads(2)
    Crew([1]).do([[steps_only(lambda: None)]])
    seen: list[int] = []
    later = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
    later.start()
    later.join()
    assert seen == [2]


def test_a_stage_begins_when_all_of_the_one_before_is_done() -> None:
    torch.set_num_threads(3)
    done: list[int] = []
    stages = [[steps_only(lambda n=n: done.append(n)) for _ in range(7)] for n in range(20)]
    Crew([1]).do(stages)
    assert done == sorted(done)
    assert len(done) == 140


def test_tasks_at_once_have_their_own_memory_and_run_on_one_core_each() -> None:
    torch.set_num_threads(2)
    both = threading.Barrier(2)
    seen: list[tuple[int, int]] = []

    def look(address: int) -> None:
        both.wait(20)
        seen.append((address, torch.get_num_threads()))

    task = Task(lambda scratch: [lambda: look(scratch[0].data_ptr())])
    Crew([8]).do([[task, task]])
    assert len({address for address, _ in seen}) == 2
    assert [count for _, count in seen] == [1, 1]


def test_an_error_in_a_task_is_the_callers_and_the_next_image_is_made() -> None:
    torch.set_num_threads(2)
    crew, done = Crew([1]), []

    def fail() -> None:
        raise RuntimeError("no memory left")

    with pytest.raises(RuntimeError, match="no memory left"):
        crew.do([[steps_only(fail)], [steps_only(lambda: done.append(1))]])
    assert not done
    crew.do([[steps_only(lambda: done.append(2))]])
    assert done == [2]


def test_an_error_is_reported_though_the_thread_that_met_it_is_the_last_to_end() -> None:
    error = RuntimeError("no memory left")

    class Late(Future[None]):
        def cancel(self) -> bool:
            self.set_exception(error)
            return False

    def fail() -> None:
        raise error

    shift, early = _Shift([[steps_only(fail)]]), Future[None]()
    with pytest.raises(RuntimeError):
        shift.work(Scratch([1]))
    early.set_result(shift.work(Scratch([1])))  # it finds that another failed, and ends
    with pytest.raises(RuntimeError, match="no memory left"):
        shift.end([early, Late()])


def test_one_threads_float32_is_not_ended_by_anothers() -> None:
    conv = torch.backends.cudnn.conv
    before, seen = conv.fp32_precision, []
    inside, left = threading.Event(), threading.Event()

    def other() -> None:
        with exact():
            inside.set()
            left.wait()
            seen.append(conv.fp32_precision)

    thread = threading.Thread(target=other)
    with exact():
        thread.start()
        inside.wait(0.1)  # it waits for its turn
    left.set()
    thread.join()
    assert seen == ["ieee"]
    assert conv.fp32_precision == before
