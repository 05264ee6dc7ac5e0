"""Params: declared once, checked everywhere, values on the instance."""

from __future__ import annotations

import copy
import math
from typing import Any

import pytest

import genart
from genart import Param, UsageError
from genart.errors import ParamError
from genart.params import DynamicParams, ParamTree, params_of
from genart.playback.settings import ModelSettings, WalkSettings


class Drift:
    speed = Param(0.5, -0.1, 0.3 + 0.4, unit="Hz", help="How fast.")
    tone = Param(440.0, 20, 20_000, curve="log")
    size = Param(256, 16, 1024, curve="square")
    look = Param("calm", choices=["calm", "wild", "odd"])
    lit = Param(True)
    seed = Param(1)


ALL = list(params_of(Drift))


def test_a_value_lives_on_the_instance_and_its_declaration_on_the_class() -> None:
    one, other = Drift(), Drift()
    one.speed = 0.25
    assert (one.speed, other.speed, Drift.speed.default) == (0.25, 0.5, 0.5)
    assert Drift.speed.unit == "Hz"


@pytest.mark.parametrize("word", ["1", "true", "on", "yes", "0", "false", "off", "no"])
def test_a_switch_takes_words_in_any_case(word: str) -> None:
    for text in (word, word.upper(), word.title()):
        assert Drift.lit.check(text) is (word in ("1", "true", "on", "yes"))


@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [
        ("speed", "0.25", 0.25),
        ("size", 31.6, 32),
        ("size", "64", 64),
        ("lit", "off", False),
        ("lit", 1, True),
        ("lit", 0.0, False),
        ("look", "wild", "wild"),
        ("seed", 2**60 + 1, 2**60 + 1),
    ],
)
def test_a_value_takes_the_type_of_its_default(name: str, given: Any, kept: Any) -> None:
    drift = Drift()
    setattr(drift, name, given)
    assert getattr(drift, name) == kept
    assert type(getattr(drift, name)) is type(kept)


@pytest.mark.parametrize(
    ("name", "given", "says"),
    [
        ("speed", 2.0, r"speed: 2.0 is outside -0.1..0.7 Hz"),
        ("speed", math.nan, "speed: nan is not a number"),
        ("speed", math.inf, "is not a number"),
        ("speed", "fast", "'fast' is not a number"),
        ("speed", None, "is not a number"),
        ("size", 8, "outside 16..1024"),
        ("look", "loud", "not one of calm, wild, odd"),
        ("look", 3, "is not a text"),
        ("lit", "perhaps", "is not a switch"),
        ("lit", 2, "is not a switch"),
        ("seed", "1e400", "is not a whole number"),
    ],
)
def test_a_wrong_value_says_what_is_allowed_and_changes_nothing(
    name: str, given: Any, says: str
) -> None:
    drift = Drift()
    with pytest.raises(ParamError, match=says):
        setattr(drift, name, given)
    assert getattr(drift, name) == getattr(Drift, name).default


@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [("speed", 9, 0.7), ("speed", -9, -0.1), ("size", 3, 16), ("lit", 0, False), ("size", 40, 40)],
)
def test_a_number_out_of_range_is_clamped(name: str, given: Any, kept: Any) -> None:
    clamped = getattr(Drift, name).clamp(given)
    assert clamped == pytest.approx(kept)
    assert type(clamped) is type(kept)


def test_clamping_never_leaves_the_choices() -> None:
    bars = Param(4, choices=(1, 2, 4, 8))
    assert bars.clamp("8") == 8
    with pytest.raises(ParamError, match="1, 2, 4, 8"):
        bars.clamp(3)


@pytest.mark.parametrize("name", [name for name in ALL if name != "seed"])
@pytest.mark.parametrize("x", [-1.0, 0.0, 0.1, 0.5, 0.9, 1.0, 7.0])
def test_a_position_always_gives_a_value_that_may_be_set(name: str, x: float) -> None:
    drift, param = Drift(), getattr(Drift, name)
    setattr(drift, name, param.from_norm(x))
    back = param.from_norm(param.to_norm(getattr(drift, name)))
    assert back == pytest.approx(getattr(drift, name))


@pytest.mark.parametrize(("low", "high"), [(0.1, 1.7), (0.3, 0.9), (1e-3, 1.1), (20, 20_000)])
@pytest.mark.parametrize("curve", ["linear", "log", "square"])
def test_the_ends_of_a_range_are_reached_and_never_passed(
    low: float, high: float, curve: str
) -> None:
    param = Param(low, low, high, curve=curve)
    assert param.check(param.from_norm(0)) == pytest.approx(low)
    assert param.check(param.from_norm(1)) == pytest.approx(high)
    assert (param.to_norm(low), param.to_norm(high)) == (0.0, pytest.approx(1.0))


def test_a_range_without_width_is_at_position_0_and_a_switch_turns_at_the_middle() -> None:
    assert Param(3.0, 3.0, 3.0).to_norm(3.0) == 0.0
    assert [Drift.lit.from_norm(x) for x in (0.499, 0.5)] == [False, True]
    assert [Drift.lit.to_norm(x) for x in (False, True)] == [0.0, 1.0]


def test_choices_are_spread_evenly_over_positions() -> None:
    assert [Drift.look.from_norm(x) for x in (0.0, 0.33, 0.34, 0.66, 0.67, 1.0)] == [
        "calm", "calm", "wild", "wild", "odd", "odd",
    ]  # fmt: skip
    assert [Drift.look.to_norm(look) for look in ("calm", "wild", "odd")] == [0.0, 0.5, 1.0]
    assert Param("only", choices=("only",)).to_norm("only") == 0.0


def test_what_may_be_set_is_said_in_words() -> None:
    assert Drift.speed.allowed() == "-0.1..0.7 Hz"
    assert Drift.look.allowed() == "calm, wild, odd"
    assert Drift.seed.allowed() == "any int"
    assert Param(1.0, unit="s").allowed() == "any float s"
    assert Param(1.0, min=0.0).allowed() == "0..inf"


def test_a_float_glides_for_a_moment_unless_declared_otherwise() -> None:
    assert Param(1.0).smooth == 0.06
    assert Param(1.0, smooth=None).smooth is None
    for smooth in (-0.1, math.inf):
        with pytest.raises(UsageError, match="time constant is 0 s or more"):
            Param(1.0, smooth=smooth)


def test_a_log_curve_puts_the_geometric_mean_in_the_middle() -> None:
    assert Drift.tone.from_norm(0.5) == pytest.approx(math.sqrt(20 * 20_000))
    assert Drift.size.from_norm(0.5) == 16 + (1024 - 16) // 4


@pytest.mark.parametrize("name", ["tone", "look", "lit"])
def test_a_position_that_is_no_number_is_refused(name: str) -> None:
    with pytest.raises(ParamError, match="NaN"):
        getattr(Drift, name).from_norm(math.nan)


def test_no_range_no_position() -> None:
    with pytest.raises(ParamError, match="no range"):
        Drift.seed.from_norm(0.5)


@pytest.mark.parametrize(
    "declare",
    [
        lambda: Param(5.0, 0, 1),
        lambda: Param(1.0, 2, 0),
        lambda: Param(1.0, 0, 2, curve="log"),
        lambda: Param(1.0, 0, 2, curve="cubic"),
        lambda: Param("c", choices=("a", "b")),
    ],
)
def test_a_declaration_that_contradicts_itself_is_refused(declare: Any) -> None:
    with pytest.raises(UsageError):
        declare()


def test_choices_that_come_from_elsewhere_are_asked_for_each_time() -> None:
    names = ["calm"]

    class Mood:
        look = Param("wild", choices=lambda: names, suggest=lambda: ("ignored",))

    mood = Mood()  # a registry may be empty while a class is written: the default waits
    with pytest.raises(ParamError, match='"wild" is not one of calm'):
        mood.look = "wild"
    names.append("wild")
    mood.look = "wild"
    assert Mood.look.options() == ("calm", "wild")
    assert (Mood.look.to_norm("wild"), Mood.look.from_norm(0.2)) == (1.0, "calm")
    with pytest.raises(ParamError, match=r'not one of calm, wild\. Did you mean "wild"'):
        mood.look = "wlid"


def test_a_suggestion_does_not_bind() -> None:
    class Player:
        model = Param("pomona", suggest=("pomona", "plasma"))

    player = Player()
    player.model = "a file.pkl"
    assert Player.model.suggestions() == ("pomona", "plasma")
    assert Player.model.options() == ()


def test_the_walks_are_offered_and_a_misspelt_one_is_refused_at_once() -> None:
    walk = WalkSettings()
    with pytest.raises(ParamError, match='Did you mean "slerp"'):
        walk.kind = "slerpp"
    assert "slerp" in WalkSettings.kind.options()
    assert "sine" in WalkSettings.easing.options()
    assert "plasma" in ModelSettings.name.suggestions()


def test_declarations_are_frozen_and_hashable() -> None:
    with pytest.raises(AttributeError):
        Drift.speed.min = 3  # type: ignore[misc]
    assert hash(Drift.look) == hash(Drift.look)


def test_a_subclass_inherits_overrides_and_takes_away() -> None:
    class Fast(Drift):
        speed = Param(0.6, 0, 1)
        tone = None  # type: ignore[assignment]
        extra = Param(1.0)

    assert list(params_of(Fast)) == ["speed", "size", "look", "lit", "seed", "extra"]
    assert params_of(Fast())["speed"].default == 0.6
    assert Drift().speed == 0.5


def test_the_tree_reaches_every_value_by_path() -> None:
    drift = Drift()
    tree = ParamTree({"sketch": drift})
    tree.set("sketch.speed", "0.2")
    assert (drift.speed, tree.value("sketch.speed")) == (0.2, 0.2)
    assert tree.values_now()["sketch.look"] == "calm"
    assert len(tree) == len(ALL)
    assert "sketch.speed" in tree
    assert "sketch.sped" not in tree


def test_the_tree_knows_which_values_were_set() -> None:
    drift = Drift()
    tree = ParamTree({"sketch": drift, "walk": Drift()})
    assert tree.assigned() == {}
    tree.assign("sketch.speed", 0.3)
    tree.set("walk.look", "wild")
    assert tree.assigned() == {"sketch.speed": 0.3, "walk.look": "wild"}
    assert drift.speed == 0.3
    with pytest.raises(genart.errors.UnknownName):
        tree.assign("sketch.sped", 1)


def test_an_unknown_path_suggests_the_nearest() -> None:
    tree = ParamTree({"sketch": Drift()})
    with pytest.raises(genart.errors.UnknownName, match=r'Did you mean "sketch\.speed"'):
        tree.set("sketch.sped", 1)
    assert tree.get("sketch.sped") is None


class Sized(DynamicParams):
    """Declares a Param in its body, and gets others by name."""

    size = Param(3, 0, 9)


def test_params_named_at_run_time_behave_like_declared_ones() -> None:
    owner = Sized({"smile": Param(0.5, -1.0, 1.0), "name": Param("a", choices=("a", "b"))})
    other = Sized({"frown": Param(0.0, 0.0, 1.0)})
    assert list(params_of(owner)) == ["size", "smile", "name"]
    assert list(params_of(other)) == ["size", "frown"], "each object has its own"
    assert list(params_of(Sized)) == ["size"]
    tree = ParamTree({"edit": owner})
    assert (owner.smile, tree.value("edit.smile")) == (0.5, 0.5)
    tree.set("edit.smile", "-1")
    owner.size = 4
    assert (owner.smile, owner.size, owner.name) == (-1.0, 4, "a")
    assert tree.assigned() == {"edit.size": 4, "edit.smile": -1.0}
    with pytest.raises(ParamError, match=r"edit\.smile: 2 is outside -1\.\.1"):
        tree.set("edit.smile", 2)
    with pytest.raises(ParamError, match='"c" is not one of a, b'):
        owner.name = "c"
    with pytest.raises(AttributeError, match='Sized has no "frown"'):
        _ = owner.frown
    again = copy.deepcopy(owner)
    again.smile = 0.0
    assert (owner.smile, again.size) == (-1.0, 4)


def test_params_of_one_instance_are_checked_under_their_name() -> None:
    owner = DynamicParams({"smile": Param(0.0, -1.0, 1.0)})
    other = DynamicParams({})
    owner.smile = 0.5
    assert (owner.smile, list(params_of(owner)), list(params_of(other))) == (0.5, ["smile"], [])
    with pytest.raises(ParamError, match=r"smile: 2.0 is outside"):
        owner.smile = 2.0
    with pytest.raises(AttributeError, match='has no "smile"'):
        _ = other.smile
