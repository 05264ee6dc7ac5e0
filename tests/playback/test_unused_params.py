"""Which Params have no effect with the values of others."""

from __future__ import annotations

import pytest

from genart.playback.settings import Settings
from genart.playback.unused_params import unused_params
from genart.plugins import registry


def unused(**values: object) -> set[str]:
    tree = Settings().tree()
    return {
        *unused_params(tree.values_now() | {p.replace("__", "."): v for p, v in values.items()})
    }


def test_params_of_another_kind_of_walk_have_no_effect() -> None:
    assert {"walk.radius", "walk.smoothness", "walk.low"} <= unused(walk__kind="slerp")
    assert not {"walk.radius", "walk.seed", "walk.smoothness"} & unused(walk__kind="noise")
    assert not {"walk.pulses", "walk.low", "walk.high"} & unused(walk__kind="pulse")
    for kind in registry("interpolator"):
        assert not {"walk.kind", "walk.seeds", "walk.easing"} & unused(walk__kind=kind)


@pytest.mark.parametrize(
    ("source", "value", "paths"),
    [
        ("model__other", "plasma", {"model.blend", "model.swap"}),
        ("walk__mix_keys", "3", {"walk.mix", "walk.mix_first", "walk.mix_last"}),
        ("style__chain", "fast:great_wave", {"style.amount", "style.size"}),
    ],
)
def test_a_share_has_an_effect_only_of_something(source: str, value: str, paths: set[str]) -> None:
    assert paths <= unused()
    assert not paths & unused(**{source: value})


def test_a_value_that_another_replaces_has_no_effect() -> None:
    assert "walk.seeds" in unused(walk__keys="apple.npz")
    assert "transport.seconds" in unused(transport__beats=4.0)
    assert not {"walk.seeds", "transport.seconds"} & unused()


def test_every_reason_names_params_that_exist() -> None:
    tree = Settings().tree()
    values = tree.values_now() | {"walk.keys": "1", "transport.beats": 1.0}
    for path, why in unused_params(values).items():
        assert path in tree
        named = [word.rstrip(":.") for word in why.split() if "." in word.rstrip(".")]
        assert all(each in tree for each in named)
