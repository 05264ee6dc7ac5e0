"""Generators around others: edited, mixed and bent at once, each showing, in films and live."""

from __future__ import annotations

import copy
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from support.tiny_models import Still, tiny

import genart
from genart.editing.discovery import sefa
from genart.editing.edited import edit
from genart.editing.style_mixing import Mixed, mix_layers
from genart.playback.clock import Tick
from genart.playback.loop import turn
from genart.testing import check_generator

BEND = "8:flip_v@1 + 16:multiply@0.5"
REST = {"bend.amount": 0.0}
EDIT = {"edit.sefa1": 2.0}
MIX = {"walk.mix_keys": "9", "walk.mix_first": 2.0}
SLACK = {"sketch.pull": 0.0, "sketch.swell": 0.0, "sketch.ripple": 0.0}


@pytest.fixture(scope="module")
def model() -> Any:
    return tiny()


@pytest.fixture(scope="module")
def handles(model: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(sefa(model, 2).save(tmp_path_factory.mktemp("handles") / "sefa.npz"))


@pytest.fixture(params=["edited", "mixed"])
def around(request: pytest.FixtureRequest, model: Any) -> Callable[[Any, float], genart.Generator]:
    """Makes what is around a generator, by an amount."""
    steps, other = sefa(model, 2), model.sample([9])

    def made(inner: Any, amount: float) -> genart.Generator:
        if request.param == "edited":
            return edit(inner, steps, lambda: {"sefa1": amount})
        return mix_layers(inner, lambda: other, lambda: torch.full((inner.num_ws,), amount))

    return made


def test_what_is_around_a_model_is_bent_where_the_model_can_be(model: Any, around: Any) -> None:
    keys, now = model.sample([1, 2]), {"truncation": 0.6, "cutoff": 4}
    for amount in (0.0, 0.7):
        dressed = around(model, amount)
        assert isinstance(dressed, genart.models.Bendable)
        drawn = dressed(keys, **now)
        assert torch.equal(drawn, model(keys, **now)) == (not amount)
        assert torch.equal(genart.bend(dressed, "8:flip_v@0")(keys, **now), drawn)
        bent = genart.bend(dressed, BEND)(keys, **now)
        assert torch.equal(bent, around(genart.bend(model, BEND), amount)(keys, **now))
        assert torch.equal(bent, genart.bend(model, BEND)(keys, **now)) == (not amount)
        assert not torch.equal(bent, drawn)
        maps = dressed.activations(keys, "b16.conv1", **now)
        assert torch.equal(maps, model.activations(keys, "b16.conv1", **now)) == (not amount)


def test_what_is_around_a_model_without_layers_has_none() -> None:
    plasma = genart.load("plasma")
    mixed = mix_layers(plasma, lambda: plasma.sample([2]), lambda: torch.ones(plasma.num_ws))
    assert not isinstance(mixed, genart.models.Bendable)
    assert not isinstance(mixed, genart.models.Layered)
    with pytest.raises(genart.UsageError, match="does not allow changes of its layers"):
        genart.bend(mixed, "16:rotate")


def test_other_forms_of_a_model_stay_dressed(model: Any, around: Any) -> None:
    dressed, place = around(model, 0.7), model.map(model.sample([2]))
    assert torch.equal(
        dressed.widened((16, 32))(place), around(model.widened((16, 32)), 0.7)(place)
    )
    small = dressed.reduced(1)
    assert torch.equal(genart.bend(small, "8:flip_v@1")(place),
                       around(genart.bend(model.reduced(1), "8:flip_v@1"), 0.7)(place))  # fmt: skip
    assert dressed.with_precision("float32") is dressed
    with pytest.raises(genart.UsageError, match="half precision"):
        dressed.with_precision("half")
    again = copy.deepcopy(dressed)
    assert isinstance(again, genart.models.Bendable)
    assert torch.equal(again(place), dressed(place))


def test_what_is_around_a_model_keeps_a_generators_promises() -> None:
    plasma = genart.load("plasma", device="cpu", resolution=16)
    step = genart.editing.Directions(
        ("a",), torch.ones(1, plasma.num_ws, plasma.w_dim) / 20, (1.0,)
    )
    check_generator(edit(plasma, step, lambda: {"a": 0.5}))
    check_generator(
        mix_layers(plasma, lambda: plasma.sample([2]), lambda: torch.zeros(plasma.num_ws))
    )


class Lean(genart.Generator):
    """Has a form in half precision, and its own latents."""

    name, resolution, z_dim, w_dim, num_ws, num_classes = "lean", (8, 8), 4, 4, 2, 0
    device = torch.device("cpu")

    def __init__(self, half: bool = False) -> None:
        self.half = half

    def sample(self, seeds: Any, label: Any = None) -> genart.Latent:
        return genart.Latent("z", torch.full((1, 4), float(seeds)))

    def __call__(self, latent: genart.Latent, **_: Any) -> torch.Tensor:
        return torch.full((len(latent), 3, 8, 8), float(self.half))

    def in_half(self) -> genart.Generator | None:
        return None if self.half else Lean(half=True)

    def with_precision(self, precision: str) -> genart.Generator:
        return Lean(half=precision == "half")


def test_half_precision_and_places_are_the_inner_models() -> None:
    lean = Lean()
    mixed = mix_layers(lean, lambda: lean.sample(2), lambda: torch.zeros(2))
    assert mixed.sample(5).values.eq(5).all()
    half = mixed.in_half()
    assert isinstance(half, Mixed)
    assert half(half.sample(1)).eq(1).all()
    assert half.in_half() is None
    assert mixed.with_precision("half")(lean.sample(1)).eq(1).all()


def frames(sketch: Any, model: Any, **params: Any) -> list[np.ndarray]:
    """A film of 6 frames; params with __ for their dots."""
    sink = genart.MemorySink()
    words = {name.replace("__", "."): value for name, value in params.items()}
    genart.render(sketch, sink, model=model, seconds=0.6, fps=10, size=16, seeds="3,4",
                  params=words)  # fmt: skip
    return sink.frames


def same(a: list[np.ndarray], b: list[np.ndarray]) -> list[bool]:
    return [np.array_equal(x, y) for x, y in zip(a, b, strict=True)]


@pytest.mark.parametrize("what", ["directions", "mix"])
def test_a_film_shows_what_is_bent_and_what_is_moved(model: Any, handles: str, what: str) -> None:
    rest = {"model.directions": handles} if what == "directions" else {**MIX, "walk.mix": 0.0}
    move = {**rest, **(EDIT if what == "directions" else MIX), "walk.mix": 1.0}
    bend = {"model.bend": BEND}
    plain = frames(Still, model)
    bent, moved = frames(Still, model, **bend), frames(Still, model, **move)
    both = frames(Still, model, **bend, **move)
    kinds = {each[0].tobytes() for each in (plain, bent, moved, both)}
    assert len(kinds) == 4, "each shows"
    assert all(same(frames(Still, model, **rest, **bend, **REST), plain))
    assert all(same(frames(Still, model, **rest, **bend), bent))
    assert all(same(frames(Still, model, **move, **bend, **REST), moved))


@pytest.mark.parametrize("what", ["directions", "mix", "both"])
def test_the_sketch_undertow_swims_whatever_is_moved(model: Any, handles: str, what: str) -> None:
    move: dict[str, Any] = {}
    if what != "mix":
        move |= {"model.directions": handles, **EDIT}
    if what != "directions":
        move |= MIX
    moved, both = frames("undertow", model, **move, **SLACK), frames("undertow", model, **move)
    swims = same(both, moved)
    assert swims[0], "at slack water the image is itself"
    assert not any(swims[1:3])
    assert not any(same(both, frames("undertow", model)))
    rest = {**move, "walk.mix": 0.0, **dict.fromkeys(EDIT if "edit.sefa1" in move else (), 0.0)}
    assert all(same(frames("undertow", model, **rest, **SLACK), frames("undertow", model, **SLACK)))


def test_the_sketch_undertow_swims_live_with_directions(model: Any, handles: str) -> None:
    words: dict[str, Any] = {"model.directions": handles, "transport.play": False,
                             "transport.phase": 0.2}  # fmt: skip
    live = genart.live.Live("undertow", model=model, size=16, seconds=1,
                       params={**words, "walk.seeds": "3,4"})  # fmt: skip

    def seen(second: int, params: dict[str, float]) -> np.ndarray:
        for name, value in params.items():
            live.store.put(name, value)
        for t in (Fraction(second), Fraction(second + 5)):  # changed, and at rest
            turn(live.player, [live.store_control, live.store], t)
        return live.player.frame(Tick(second, t, Fraction(1, 10)))

    shown = [seen(0, {}), seen(10, EDIT), seen(20, SLACK)]
    live.close()
    assert not live.faults.all()
    wanted = [frames("undertow", model, **words, **more)[0] for more in ({}, EDIT, EDIT | SLACK)]
    assert all(same(shown, wanted))
    assert len({each.tobytes() for each in shown}) == 3
