from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.stylizers import painters

import genart
from genart.errors import ParamError, PluginError, UnknownName, UsageError
from genart.live.performance import Live
from genart.params import params_of
from genart.playback.settings import Settings
from genart.styling.chain import Chain

IMAGE = torch.linspace(-1, 1, 3 * 12 * 16).reshape(1, 3, 12, 16)
SIZE = (12, 16)


@pytest.fixture(autouse=True)
def _painters() -> Iterator[None]:
    with painters():
        yield


def film(**words: Any) -> list[np.ndarray]:
    sink = genart.MemorySink()
    genart.render(output=sink, model="plasma", seconds=0.2, fps=10, size=32, **words)
    return sink.frames


def test_a_stylizer_is_made_by_name_and_by_text() -> None:
    black = torch.full_like(IMAGE, -1)
    assert torch.allclose(genart.stylizer("tint", level="-1", strength=1.0)(IMAGE), black)
    assert torch.allclose(genart.stylizer("tint:-1", strength=1.0)(IMAGE), black)


@pytest.mark.parametrize(
    ("name", "options", "error", "says"),
    [
        ("tynt", {}, UnknownName, 'Did you mean "tint"'),
        ("tint", {"colour": 1}, UsageError, "it has level, strength"),
        ("tint:1", {"level": "1"}, UsageError, "after its colon"),
    ],
)
def test_what_no_stylizer_is_says_so(name: str, options: Any, error: Any, says: str) -> None:
    with pytest.raises(error, match=says):
        genart.stylizer(name, **options)


def test_a_chain_paints_in_order() -> None:
    first = Chain("tint:1 + tint:-1")(IMAGE, SIZE)
    second = Chain("tint:-1 + tint:1")(IMAGE, SIZE)
    assert torch.allclose(first, (IMAGE + 1) / 4 - 0.5)
    assert torch.allclose(second, (IMAGE - 1) / 4 + 0.5)


def test_every_stylizer_of_a_chain_has_its_own_handles() -> None:
    chain = Chain("tint:1 + tint:-1")
    assert {"chain", "amount", "size", "strength", "strength_2"} == set(params_of(chain.owner))
    chain.owner.strength_2 = 1.0
    assert torch.allclose(chain(IMAGE, SIZE), torch.full_like(IMAGE, -1))


def test_amount_fades_the_painting_in() -> None:
    chain = Chain("tint:1")
    chain.owner.amount = 0.5
    assert torch.allclose(chain(IMAGE, SIZE), IMAGE + (1 - IMAGE) / 4)
    chain.owner.amount = 0.0
    assert chain(IMAGE, SIZE) is IMAGE


def test_alpha_stays_and_grey_becomes_colour() -> None:
    alpha = torch.cat([IMAGE, IMAGE[:, :1]], 1)
    painted = Chain("tint:1")(alpha, SIZE)
    assert torch.equal(painted[:, 3:], alpha[:, 3:])
    assert not torch.equal(painted[:, :3], alpha[:, :3])
    assert Chain("tint:1")(IMAGE[:, :1], SIZE).shape == (1, 3, 12, 16)


def test_it_paints_at_the_size_that_goes_out_or_at_one_of_its_own() -> None:
    chain = Chain("tint:1")
    assert chain(IMAGE, (24, 32)).shape[-2:] == (24, 32)
    chain.owner.size = 6
    assert chain(IMAGE, (24, 32)).shape[-2:] == (6, 8)


def test_a_chain_tells_its_stylizers_that_a_film_begins() -> None:
    (echo,) = Chain("echo").stylizers
    assert echo.resets == 1  # type: ignore[attr-defined]


def test_a_new_film_begins_without_the_last_image() -> None:
    chain = Chain("echo")
    chain(IMAGE, SIZE)
    assert not torch.equal(chain(-IMAGE, SIZE), -IMAGE)
    chain.reset()
    assert torch.equal(chain(IMAGE, SIZE), IMAGE)


@pytest.mark.parametrize(("how", "says"), [("raise", "no paint left"), ("crop", "keep the shape")])
def test_a_stylizer_that_fails_is_named(how: str, says: str) -> None:
    with pytest.raises(PluginError, match=rf"Broken.*{says}"):
        Chain(f"broken:{how}")(IMAGE, SIZE)


def test_a_film_is_painted_over_and_says_how(tmp_path: Path) -> None:
    plain, painted = film(), film(style=["tint:1", "tint:-1"], params={"style.strength_2": 1.0})
    assert plain[0].any()
    assert not np.any(painted)
    report = genart.render(
        output=genart.MemorySink(), model="plasma", seconds=0.1, fps=10, size=32, style="tint:1"
    )
    assert report.recipe["params"]["style.chain"] == "tint:1"


def test_a_stylizer_that_is_not_there_stops_a_film_before_it_begins() -> None:
    with pytest.raises(ParamError, match='Did you mean "tint"'):
        film(style="tynt")


def test_another_chain_keeps_what_both_have() -> None:
    stage = Settings({"style.chain": "tint:1", "style.strength": 0.9, "style.amount": 0.7})
    assert stage.set(stage.tree(), "style.chain", "tint:-1 + echo")
    tree = stage.tree()
    assert (tree.value("style.strength"), tree.value("style.amount")) == (0.9, 0.7)
    stage.set(tree, "style.chain", "")
    assert "style.strength" not in stage.tree()
    assert stage.style.amount == 0.7


def test_live_a_chain_is_picked_up_refused_and_let_go() -> None:
    live = Live(model="plasma", size=32, style="tint:1", seconds=1)
    tree = live.player.tree
    assert tree.value("style.strength") == 0.5
    live.player.set("style.chain", "nothing:of the kind")
    assert tree.value("style.chain") == "tint:1"
    assert live.faults.all()[-1].where == "style"
    live.player.set("style.chain", "")
    assert "style.strength" not in live.store.tree
    live.close()


def test_styles_that_come_along_are_suggested() -> None:
    assert "fast:great_wave" in Settings().tree()["style.chain"].suggestions()
