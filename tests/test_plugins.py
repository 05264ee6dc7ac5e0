"""Plug-ins: what loads, what is set aside and why, and that the rest works all the same."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import SimpleNamespace

import pytest

import genart
from genart.plugins import KINDS, Plugins, plugins

Write = Callable[[str, str], EntryPoint]

GOOD = """
import genart

@genart.hookimpl
def register_interpolators(register):
    register("straight", lambda: "a straight walk")
"""


def only(found: Plugins, name: str) -> str:
    """The reason why the plug-in `name` was set aside; the good one beside it must work."""
    assert found.registries["interpolator"].create("straight") == "a straight walk"
    (plugin,) = [plugin for plugin in found.loaded if plugin.name == name]
    assert plugin.provides == {}
    assert plugin.error is not None
    assert "\n" not in plugin.error
    assert "Traceback" in plugin.traceback
    return plugin.error


def test_a_plugin_registers_what_it_offers(entry_point: Write) -> None:
    found = Plugins([entry_point("good", GOOD)])
    (plugin,) = found.loaded
    assert plugin.error is None
    assert plugin.provides == {"interpolator": ["straight"]}
    assert found.registries["interpolator"]["straight"].owner == "good"
    assert list(found.registries["interpolator"]) == ["straight"]


def test_a_spec_declares_what_is_known_before_the_factory_is_called(entry_point: Write) -> None:
    source = """
import genart

def silk(path):
    "Silk, by its docstring."

@genart.hookimpl
def register_sinks(register):
    register("silk", silk)
    register("wall", genart.Spec(silk, about="A wall.", live=True))
"""
    found = Plugins([entry_point("good", GOOD), entry_point("walls", source)])
    silk, wall = (found.registries["sink"][name] for name in ("silk", "wall"))
    assert (silk.about, silk.spec.live) == ("Silk, by its docstring.", False)
    assert (wall.about, wall.spec.live) == ("A wall.", True)
    assert wall.factory is silk.factory


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("raise RuntimeError('no\\nluck')", "RuntimeError: no luck"),
        ("import there_is_no_such_module", "ModuleNotFoundError"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("def broken(:", "SyntaxError"),
        ("", "no hooks"),
        (
            "import genart\n@genart.hookimpl\ndef register_generator(register): ...",
            'Did you mean "register_generators"',
        ),
        (
            "import genart\n@genart.hookimpl\ndef register_sinks(register, path): ...",
            "PluginValidationError",
        ),
        (
            "import genart\n@genart.hookimpl\ndef register_sinks(register): register('x', None)",
            "takes a text and a callable or a Spec",
        ),
        (
            "import genart\n@genart.hookimpl\n"
            "def register_sinks(register): register('x', genart.Spec('film.mp4'))",
            "takes a text and a callable or a Spec",
        ),
        (
            "import genart\n@genart.hookimpl\ndef register_sinks(register): 1 / 0",
            "ZeroDivisionError",
        ),
        (
            "import genart\n@genart.hookimpl\ndef register_sinks(register):\n"
            " genart.registry('sink')",
            "inside the factory",
        ),
    ],
)
def test_a_broken_plugin_is_set_aside_alone(
    entry_point: Write, monkeypatch: pytest.MonkeyPatch, source: str, reason: str
) -> None:
    monkeypatch.setattr("genart.plugins._loading", True)  # as when the real ones load
    found = Plugins([entry_point("bad", source), entry_point("good", GOOD)])
    assert reason in only(found, "bad")


def test_what_a_broken_plugin_registered_before_it_broke_is_taken_back(entry_point: Write) -> None:
    source = """
import genart

@genart.hookimpl
def register_generators(register):
    register("half", object)

@genart.hookimpl
def register_sinsk(register):
    register("lost", object)
"""
    found = Plugins([entry_point("bad", source), entry_point("good", GOOD)])
    assert 'Did you mean "register_sinks"' in only(found, "bad")
    assert "half" not in found.registries["generator"]


def test_a_taken_name_names_both_owners_and_the_first_keeps_it(entry_point: Write) -> None:
    found = Plugins(
        [entry_point("good", GOOD), entry_point("thief", GOOD.replace("a str", "bent"))]
    )
    assert 'interpolator "straight" of plug-in "thief" is taken by "good"' in only(found, "thief")


def test_two_plugins_of_one_name_are_not_both_loaded(entry_point: Write) -> None:
    first, second = entry_point("good", GOOD), entry_point("other", GOOD)
    second = EntryPoint("good", second.value, second.group)
    found = Plugins([first, second])
    assert [plugin.error is None for plugin in found.loaded] == [True, False]
    assert "taken by stranger_good" in str(found.loaded[1].error)


def test_a_stranger_cannot_take_a_name_of_ours_by_sorting_first() -> None:
    def module(what: str) -> SimpleNamespace:
        register = genart.hookimpl(lambda register: register("drift", lambda: what))
        return SimpleNamespace(register_sinks=_named(register, "register_sinks"))

    def point(name: str, dist: str) -> SimpleNamespace:
        brought = SimpleNamespace(name=dist, version="1.0")
        return SimpleNamespace(name=name, value=name, dist=brought, load=lambda: module(dist))

    found = Plugins([point("aaa", "stranger"), point("zzz", "genart")])  # type: ignore[list-item]
    assert found.registries["sink"].create("drift") == "genart"
    assert [plugin.distribution for plugin in found.loaded] == ["genart 1.0", "stranger 1.0"]


def _named(function: Callable[..., None], name: str) -> Callable[..., None]:
    function.__name__ = name
    return function


def test_a_package_with_damaged_metadata_does_not_stop_the_others(entry_point: Write) -> None:
    class Damaged:
        @property
        def name(self) -> str:
            raise KeyError("Name")

    point = entry_point("good", GOOD)
    found = Plugins([SimpleNamespace(name="g", value="v", dist=Damaged(), load=point.load)])  # type: ignore[list-item]
    assert found.loaded[0].distribution == ""
    assert "straight" in found.registries["interpolator"]


def test_a_stranger_cannot_take_a_command_of_ours(entry_point: Write) -> None:
    source = GOOD.replace("interpolators", "commands").replace("straight", "render")
    found = Plugins([entry_point("thief", source), *entry_points(group="genart")])
    errors = {plugin.name: str(plugin.error) for plugin in found.loaded if plugin.error}
    assert 'command "render" of plug-in "thief" is taken by "commands"' in errors["thief"]


def test_adding_by_hand_is_all_or_nothing(entry_point: Write) -> None:
    found = Plugins([])
    bad = SimpleNamespace(register_nothing=genart.hookimpl(_named(lambda register: None, "x")))
    with pytest.raises(genart.errors.PluginError, match='No hook named "register_nothing"'):
        found.add(bad, "bad")
    assert found.loaded == []
    assert found.add(entry_point("good", GOOD).load(), "good").provides["interpolator"]


def test_an_unknown_name_says_what_is_near_and_a_registry_is_a_mapping() -> None:
    generators = genart.registry("generator")
    with pytest.raises(genart.errors.UnknownName, match='Did you mean "plasma"') as caught:
        generators["plasme"]
    assert not str(caught.value).startswith(("'", '"'))
    assert generators.get("plasme") is None
    with pytest.raises(genart.errors.UnknownName, match="kind of plug-in"):
        genart.registry("generatr")


def test_every_builtin_of_this_environment_loads() -> None:
    assert {plugin.name: plugin.error for plugin in plugins().loaded if plugin.error} == {}


def test_every_hook_has_a_kind_and_a_sentence() -> None:
    from genart import hooks

    assert set(KINDS.values()) >= {"generator", "interpolator", "reader", "trainer", "command"}
    for hook in KINDS:
        assert getattr(hooks, hook).__doc__.count("\n") == 0


def test_importing_genart_and_its_plugins_leaves_torch_alone(tmp_path: Path) -> None:
    import subprocess
    import sys

    script = (
        "import sys, genart\n"
        "from genart.plugins import plugins\n"
        "plugins()\n"
        "print(sorted({'torch', 'numpy', 'PIL', 'moviepy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.strip() == "[]"
