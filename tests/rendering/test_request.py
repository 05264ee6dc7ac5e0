"""A request for a film: what is asked for is resolved once, and keys keep their types."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from support.films import Drift, plasma

import genart
from genart.errors import UnknownName
from genart.playback.show import Header, Show
from genart.rendering.request import RenderRequest, request_of

SMALL: dict[str, Any] = {"size": 32, "fps": 24, "seconds": 0.2}


def rendered(sketch: type[genart.Sketch] = Drift, **words: Any) -> tuple[Any, list[np.ndarray]]:
    sink = genart.MemorySink()
    report = genart.render(sketch, sink, **{**SMALL, **words})
    return report, sink.frames


def test_a_latent_is_a_key_of_a_film_as_its_file_is(tmp_path: Path) -> None:
    model = plasma()
    found = model.map(model.sample([31]))
    genart.save_latent(tmp_path / "found.npz", found)
    report, given = rendered(model=model, keys=[found, 7])
    _, from_file = rendered(model=model, keys=[tmp_path / "found.npz", 7])
    assert all(map(np.array_equal, given, from_file))
    assert report.recipe["params"]["walk.keys"] == "given,7"
    assert not np.array_equal(given[0], rendered(model=model, keys=[8, 7])[1][0])


def test_a_grid_of_latents_begins_each_cell_at_the_next_key() -> None:
    model = plasma()
    found = model.map(model.sample([31, 8]))
    keys = [found[0], found[1], 7]
    grid = rendered(model=model, keys=keys, grid="2x1", size=(64, 32), seed=3)[1]
    turned = rendered(model=model, keys=[*keys[1:], keys[0]], seed=4)[1]
    assert np.array_equal(grid[1][:, 32:], turned[1])


class Chosen(genart.Sketch):
    """Prefers values of its own, and counts how often it is made."""

    defaults: ClassVar = {"walk.kind": "circle", "walk.radius": 2.0, "model.truncation": 0.9}
    made: ClassVar = [0]

    def __init__(self) -> None:
        self.made[0] += 1

    def draw(self, t: float, dt: float) -> Any:
        return self.paint(self.walk(self.phase))


def test_params_win_over_words_over_the_show_over_the_sketch() -> None:
    begun = {"walk.kind": "noise", "walk.radius": 3.0, "model.truncation": 0.8, "walk.loop": False}
    show = Show(Header("drift", "plasma", params=begun), (), 0.2)
    words = {"truncation": 0.5, "walk": "slerp", "params": {"walk.kind": "linear"}}
    found = rendered(Chosen, show=show, model=plasma(), **words)[0].recipe["params"]
    assert found["walk.kind"] == "linear", "params"
    assert found["model.truncation"] == 0.5, "words"
    assert found["walk.radius"] == 3.0, "the show"
    assert rendered(Chosen, model=plasma())[0].recipe["params"]["walk.radius"] == 2.0, "the sketch"


def test_one_sketch_is_made_for_a_film_and_one_a_cell_of_a_grid() -> None:
    Chosen.made[0] = 0
    rendered(Chosen, model=plasma(), style=None)
    assert Chosen.made[0] == 1
    rendered(Chosen, model=plasma(), grid="2x2")
    assert Chosen.made[0] == 5


def test_a_change_of_the_seeds_during_a_film_is_followed() -> None:
    class Change:
        def changes(self, t: float) -> Any:
            return [("walk.seeds", "7,8")] if t == 0.125 else []

    model = plasma()
    changed = rendered(model=model, seeds=[1, 2], controls=[Change()])[1]
    before, after = (rendered(model=model, seeds=seeds)[1] for seeds in ([1, 2], [7, 8]))
    assert np.array_equal(changed[2], before[2])
    assert np.array_equal(changed[3], after[3])


def test_a_request_is_read_from_words_and_names_the_one_it_does_not_know() -> None:
    request = request_of({"seeds": "1-3", "fps": "25", "size": "64x32", "style": ["a", "b"]})
    assert (request.seeds, request.fps, request.size) == ((1, 2, 3), 25, (32, 64))
    assert request.style == "a + b"
    with pytest.raises(UnknownName, match=r'"truncate".*"truncation"'):
        request_of({"truncate": 1})
    with pytest.raises(AttributeError):
        RenderRequest().seeds = (1,)  # type: ignore[misc]
