"""The list of Params."""

from __future__ import annotations

from typing import ClassVar

import pytest

import genart
from genart.playback.param_list import ParamInfo, list_params
from genart.playback.sketch import list_sketches


def test_every_param_has_a_help_that_is_a_sentence() -> None:
    for sketch in [None, *(each.path for each in list_sketches())]:
        for each in list_params(sketch):
            assert each.help[:1].isupper() or each.help[:1].isdigit(), each.path
            assert each.help.endswith("."), each.path


class Two(genart.Sketch):
    """Two Params, and other defaults."""

    defaults: ClassVar = {"model.truncation": 0.25}
    speed = genart.Param(2, 1, 9, unit="Hz", help="Speed.")
    free = genart.Param(1.0, help="Any.")

    def draw(self, t: float, dt: float) -> genart.Image:
        return self.paint(self.keys)


def test_a_sketch_class_is_listed_with_its_defaults() -> None:
    found = {each.path: each for each in list_params(Two, {"walk.seeds": "7"})}
    assert found["model.truncation"].default == 0.25
    assert found["walk.seeds"].default == "7"
    assert found["sketch.speed"] == ParamInfo(
        "sketch.speed", "int", 2, 1, 9, "Hz", (), "linear", "Speed."
    )
    assert found["sketch.speed"].allowed == "1..9 Hz"
    assert found["sketch.free"].allowed == "any float"
    assert found["walk.seed"].allowed == "0..4294967295"
    with pytest.raises(genart.errors.UnknownName, match="`genart params SKETCH` lists all"):
        list_params(Two, {"sketch.sped": 3})
