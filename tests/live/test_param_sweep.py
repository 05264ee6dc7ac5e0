"""Every Param of every sketch and stylizer goes to both ends of its range while it plays.

The model is small. No image takes longer than a second, no fault stays, and none is black that was
not before.
"""

from __future__ import annotations

import time
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from support.live_parts import Told

import genart
from genart.params import Param
from genart.playback.background_loader import BackgroundLoader
from genart.playback.clock import Tick
from genart.playback.player import SketchPlayer
from genart.playback.resilient_player import ResilientPlayer
from genart.playback.settings import Settings
from genart.playback.sketch import load_sketch, sketches
from genart.playback.supervisor import Supervisor
from genart.plugins import registry

SIZE = (32, 32)
#: What makes every image black, holds one, or is computed in the background.
LEFT_OUT = {"output.blackout", "output.freeze", "walk.even"}
LONGEST = 1.0  # seconds of this thread's work for an image


def ends(param: Param[Any]) -> list[Any]:
    """The values at both ends of a Param: its range, its choices, on and off."""
    if param.options():
        return [*param.options()]
    if isinstance(param.default, bool):
        return [False, True]
    if isinstance(param.default, str):
        return []
    return [end for end in (param.min, param.max) if end is not None]


def playing(sketch: str, style: str = "") -> tuple[ResilientPlayer, Told]:
    """A sketch that plays on a small model."""
    kind = load_sketch(sketch)
    made = kind()
    values = {**kind.defaults, "model.name": "plasma", "walk.even": False, "style.chain": style}
    model = genart.load("plasma", "cpu")
    faults = Told()
    supervisor = Supervisor(faults)
    loader = BackgroundLoader(lambda name: model, supervisor)
    first = SketchPlayer(made, Settings(values, made), load=loader.get, size=SIZE, strict=True)
    return ResilientPlayer(first, loader, supervisor, size=SIZE), faults


def sweep(player: ResilientPlayer, faults: Told, paths: list[str]) -> dict[str, float]:
    """Set each Param to both ends and back, with an image at each; returns seconds of work."""
    slow: dict[str, float] = {}
    index = 0

    def image() -> np.ndarray:
        nonlocal index
        index += 1
        return player.frame(Tick(index, Fraction(index, 10), Fraction(1, 10)))

    image()
    for path in paths:
        before = player.tree.value(path)
        for value in [*ends(player.tree[path]), before]:
            player.set(path, player.tree[path].check(value))
            began = time.process_time()
            frame = image()
            took = time.process_time() - began
            assert frame.shape == (*SIZE, 3), (path, value)
            assert faults.now() == [], (path, value)
            slow |= {f"{path} {value}": took} if took > LONGEST else {}
    return slow


@pytest.mark.parametrize("sketch", sketches())
def test_every_param_of_a_sketch_goes_to_both_ends(sketch: str) -> None:
    player, faults = playing(sketch)
    paths = [path for path in player.tree if path not in LEFT_OUT]
    assert sweep(player, faults, paths) == {}


def named_styles() -> list[str]:
    """A stylizer of each kind that works with what is included."""
    found = []
    for name, entry in registry("stylizer").items():
        offers = list(entry.spec.offers()) if entry.spec.offers is not None else []
        found += [f"{name}:{offers[0]}"] if offers else []
    return found


@pytest.mark.parametrize("style", named_styles())
def test_every_param_of_a_stylizer_goes_to_both_ends(style: str) -> None:
    player, faults = playing("drift", style)
    paths = [p for p in player.tree if p.startswith("style.") and p != "style.size"]
    assert len(paths) > 1
    assert sweep(player, faults, paths) == {}
