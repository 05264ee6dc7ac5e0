"""A walk made even while it plays: nobody waits for it, and it never jumps."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from support.live_parts import Painted, Told, steady, tick

import genart
from genart.playback.background_pacing import BackgroundPacer
from genart.playback.supervisor import Supervisor
from genart.plugins import registry

PHASES = [k / 24 for k in range(24)]


@pytest.fixture
def plasma() -> genart.Generator:
    return registry("generator").create("plasma", resolution=16)


@pytest.fixture
def pacer() -> Iterator[BackgroundPacer]:
    made = BackgroundPacer(Supervisor(Told()), rest=0.0)
    yield made
    made.close()


def places(walk: genart.Walk) -> torch.Tensor:
    return walk.at(PHASES).values


def test_a_walk_plays_as_it_is_then_glides_and_ends_as_a_render_has_it(
    plasma: genart.Generator, pacer: BackgroundPacer
) -> None:
    plain = genart.walk(plasma.sample([1, 2, 2, 3]), "cubic", easing="sine")
    walk = pacer(plain, plasma, 0.7, None)
    pacer.advance(Fraction(0), walk)
    assert torch.equal(places(walk), places(plain))
    pacer.start()
    assert pacer.settled(30)
    seen = []
    for k in range(80):
        pacer.advance(Fraction(k, 30), walk)
        seen.append(places(walk))
    even = genart.latents.even(plain, plasma, truncation=0.7)
    assert torch.equal(seen[0], places(plain))
    assert torch.equal(seen[-1], places(even))
    steps = torch.stack([(b - a).abs().max() for a, b in pairwise(seen)])
    assert steps.max() < 0.1 * (seen[-1] - seen[0]).abs().max()


def test_a_gliding_loop_stays_closed(plasma: genart.Generator, pacer: BackgroundPacer) -> None:
    walk = pacer(genart.walk(plasma.sample([1, 2, 3])), plasma, 1.0, None)
    pacer.start()
    assert pacer.settled(30)
    for t in (Fraction(0), Fraction(1), Fraction(5)):
        pacer.advance(t, walk)
        assert torch.equal(walk(0.0).values, walk(1.0).values)


class Slowly(genart.Generator):
    """A plasma that counts and waits to be let."""

    def __init__(self, plasma: genart.Generator) -> None:
        self.__dict__.update(vars(plasma))
        self.z_dim, self.w_dim, self.num_ws = plasma.z_dim, plasma.w_dim, plasma.num_ws
        self.plasma, self.count = plasma, 0
        self.begun, self.go = threading.Event(), threading.Event()

    def __call__(self, latent: genart.Latent, **settings: Any) -> genart.Image:
        self.begun.set()
        assert self.go.wait(10)
        self.count += 1
        return self.plasma(latent, **settings)


def test_a_walk_that_does_not_play_any_more_is_not_paced_to_the_end(
    plasma: genart.Generator, pacer: BackgroundPacer
) -> None:
    slow = Slowly(plasma)
    first = pacer(genart.walk(plasma.sample([1, 2])), slow, 1.0, None)
    pacer.start()
    assert slow.begun.wait(10)
    second = pacer(genart.walk(plasma.sample([3, 4])), plasma, 1.0, None)
    slow.go.set()
    assert pacer.settled(30)
    assert slow.count == 1
    assert first.interpolator.clock is None  # type: ignore[attr-defined]
    assert second.interpolator.clock is not None  # type: ignore[attr-defined]


def test_a_walk_turned_even_keeps_playing_and_does_not_wait(
    plasma: genart.Generator, pacer: BackgroundPacer
) -> None:
    player, _, faults = steady(Painted, load=lambda name: plasma, pacer=pacer)
    player.set("transport.seconds", 3.0)
    before = player.frame(tick(0))
    player.set("walk.even", True)  # nobody has started the pacer: it would wait for ever
    after = player.frame(tick(0))
    assert np.array_equal(before, after)
    pacer.start()
    assert pacer.settled(30)
    player.set("model.truncation", 0.2)
    player.frame(tick(1))
    assert pacer.settled(0)  # other truncation is no other walk
    player.set("walk.seeds", "4-6")
    player.frame(tick(2))
    assert pacer.settled(30)
    assert faults.total == 0


def test_a_walk_that_cannot_be_paced_plays_on_and_is_reported(plasma: genart.Generator) -> None:
    class Broken(Slowly):
        def __call__(self, latent: genart.Latent, **settings: Any) -> genart.Image:
            raise RuntimeError("no image")

    told = Told()
    pacer = BackgroundPacer(Supervisor(told), rest=0.0)
    plain = genart.walk(plasma.sample([1, 2]))
    walk = pacer(plain, Broken(plasma), 1.0, None)
    pacer.start()
    assert pacer.settled(30)
    pacer.close()
    assert told.said == ["walk: RuntimeError: no image"]
    assert torch.equal(places(walk), places(plain))
