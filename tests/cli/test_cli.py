"""The command line: what it prints where, how it ends, and that help is cheap."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import click
import pytest

import genart
from genart import cli
from genart.cli.command import command as declare
from genart.hooks import Spec
from genart.plugins import Entry, registry
from genart.progress import Progress

Run = Callable[..., Any]
COMMANDS = list(registry("command"))


def commands() -> list[list[str]]:
    """Every command and subcommand, as one types it."""
    found = []
    for name in COMMANDS:
        made = registry("command").create(name)
        found.append([name])
        if isinstance(made, click.Group):
            found += [[name, each] for each in made.list_commands(click.Context(made))]
    return found


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_has_help_with_an_example(genart_command: Run, words: list[str]) -> None:
    done = genart_command(*words, "--help")
    assert (done.code, done.err) == (0, "")
    assert f"Example: genart {words[0]}" in " ".join(done.out.split())
    if words != ["train"]:
        assert "--json" in done.out
        assert "--device [auto|cpu|cuda|mps]" in done.out


def test_help_names_every_command_and_loads_no_torch(tmp_path: Path) -> None:
    script = (
        "import sys; from genart.cli import run; code = run(['--help'])\n"
        "print(code, {'torch', 'numpy', 'moviepy', 'PIL'} & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stderr.strip() == "0 set()"
    for name in COMMANDS:
        assert f"  {name} " in done.stdout


@pytest.mark.parametrize("command", ["generate", "mix", "render", "live"])
def test_a_hostile_model_is_refused_before_torch_is_imported(command: str, tmp_path: Path) -> None:
    (tmp_path / "evil.pkl").write_bytes(b"\x80\x04cos\nsystem\nX\x09\x00\x00\x00touch mark\x85R.")
    output = {"render": ["-o", "a.gif"], "live": []}.get(command, ["-o", "a.png"])
    script = (
        "import sys; from genart.cli import run\n"
        f"code = run({[command, '--model', 'evil.pkl', *output]})\n"
        "print(code, 'torch' in sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert "os.system" in done.stderr
    assert done.stderr.splitlines()[-1] == "1 False"
    assert [file.name for file in tmp_path.iterdir()] == ["evil.pkl"]


def test_version_is_the_packages(genart_command: Run) -> None:
    from importlib.metadata import version

    assert genart_command("--version").out.strip() == f"genart {version('genart')}"


def test_the_program_ends_with_the_code_of_what_happened(tmp_path: Path) -> None:
    program = "from genart.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "info", "none.pkl"],
        capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stdout == ""
    assert 'no file "none.pkl"' in done.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["rendr"], 'Did you mean "render"'),
        (["generate"], "Missing option '-o'"),
        (["generate", "-o", "x.png", "--seeds", "a"], "names no seeds"),
        (["generate", "-o", "x.png", "--size", "big"], "not a size"),
        (["generate", "-o", "x.png", "--grid", "3"], "not a grid"),
        (
            ["generate", "-o", "x.png", "--seeds", "1-5", "--grid", "2x2"],
            "do not fit into a 2x2 grid",
        ),
        (["generate", "-o", "folder", "--grid", "2x2"], "A grid is one image"),
        (["generate", "-o", "x.doc"], "neither a folder nor an image file"),
        (["generate", "-o", "x.png", "--class", "1"], "has no classes"),
        (["generate", "-o", "x.png", "--model", "plasme"], 'Did you mean "plasma"'),
        (["generate", "-o", "none/x.png", "--seeds", "1"], "does not exist"),
        (["mix", "-o", "folder"], "A mixing grid is an image"),
        (["mix", "-o", "x.png", "--styles", "9"], "no layer 9"),
        (["render", "drfit"], 'Did you mean "drift"'),
        (["render", "-p", "speed"], "for example sketch.speed=0.5"),
        (["render", "-p", "walk.kidn=slerp", "-o", "x.mp4"], "walk.kind"),
        (["render", "-o", "x.avi"], "film format"),
        (["render", "--device", "gpu"], "'gpu' is not one of"),
        (["train", "stylegan"], "No trainer named"),
        (["models", "convert", "plasma", "x.pkl"], ".safetensors"),
    ],
)
def test_bad_usage_exits_with_2_and_says_what_is_allowed(
    genart_command: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    if words[0] in ("generate", "mix", "render") and "--model" not in words and len(words) > 1:
        words = [*words, "--model", "plasma"]
    done = genart_command(*words)
    assert done.code == 2, done.err
    assert done.out == ""
    assert says in done.err
    assert "Traceback" not in done.err
    assert "--help' for help." in done.err
    assert list(tmp_path.iterdir()) == []


def test_with_json_a_failure_too_is_one_object(genart_command: Run) -> None:
    done = genart_command("info", "none.pkl", "--json")
    assert done.json == {"error": 'There is no file "none.pkl".'}
    assert genart_command("info", "--json").json["error"].startswith("Missing argument")


def test_a_file_that_is_damaged_exits_with_1_and_one_line(
    genart_command: Run, tmp_path: Path
) -> None:
    (tmp_path / "bad.pkl").write_bytes(b"\x80\x04garbage")
    done = genart_command("info", tmp_path / "bad.pkl")
    assert done.code == 1
    assert done.err.startswith("Error: ")
    assert done.err.count("\n") == 1


def put(monkeypatch: pytest.MonkeyPatch, body: Callable[..., Any], **settings: Any) -> None:
    """Add the command `try`, made of a function, for one test."""
    made = declare("genart try", lambda found: [f"found {found}"], name="try", **settings)(body)
    entries = {**registry("command")._entries, "try": Entry("try", Spec(lambda: made), "test")}
    monkeypatch.setattr(registry("command"), "_entries", entries)


def test_an_unexpected_error_is_one_line_and_a_hint(
    genart_command: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def body() -> None:
        raise ZeroDivisionError("by\nnought")

    put(monkeypatch, body)
    monkeypatch.delenv("GENART_DEBUG", raising=False)
    done = genart_command("try")
    assert done.code == 1
    assert done.err.splitlines() == [
        "Error: ZeroDivisionError: by nought",
        "Set the environment variable GENART_DEBUG=1 to see the traceback.",
    ]
    monkeypatch.setenv("GENART_DEBUG", "1")
    told = genart_command("try").err
    assert "Traceback" in told
    assert told.splitlines()[-1] == "Error: ZeroDivisionError: by nought"


@pytest.mark.parametrize(
    ("message", "note"), [("", "Kept 2 of 9 images in out."), ("Kept 2 of 9", "images in out.")]
)
def test_ctrl_c_exits_with_1_and_says_what_was_kept(
    genart_command: Run, monkeypatch: pytest.MonkeyPatch, message: str, note: str
) -> None:
    def body() -> None:
        stop = KeyboardInterrupt(message)
        stop.add_note(note)
        raise stop

    put(monkeypatch, body)
    done = genart_command("try", "--json")
    assert done.code == 1
    assert done.json == {"error": "Interrupted. Kept 2 of 9 images in out."}
    assert "Interrupted. Kept 2 of 9 images in out." in done.err


def test_stdout_holds_the_answer_alone_whatever_is_printed(
    genart_command: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def body(progress: Callable[[Progress], None]) -> dict[str, Any]:
        print("chatter")
        progress(Progress(1, 2, "frame", note="loss 0.5"))
        progress(Progress(2, 2, "frame"))
        return {"path": Path("a"), "value": float("nan"), "pair": (1, 2.5), "yes": True}

    put(monkeypatch, body)
    done = genart_command("try", "--json")
    assert done.json == {"path": "a", "value": None, "pair": [1, 2.5], "yes": True}
    assert done.out.count("\n") == 1
    assert "chatter" in done.err
    assert "2/2" in done.err
    assert "frame/s" in done.err or "s/frame" in done.err


def test_progress_in_fractions_is_rounded_and_an_open_end_is_shown_without_one(
    genart_command: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def body(progress: Callable[[Progress], None]) -> None:
        for step in range(1, 4):
            progress(Progress(step * 0.1, 0.3, "kimg", "g 0.7"))
        progress(Progress(5, None, "step"))

    put(monkeypatch, body)
    told = genart_command("try").err
    assert "0.3/0.3" in told
    assert "g 0.7" in told
    assert "5step" in told


def test_the_device_asked_for_reaches_the_call(
    genart_command: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(monkeypatch, lambda device: {"device": device})
    assert genart_command("try", "--device", "cpu", "--json").json == {"device": "cpu"}
    assert genart_command("try", "--json").json == {"device": "auto"}


def test_a_plugins_command_that_cannot_be_made_breaks_only_itself(
    genart_command: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> click.Command:
        raise ImportError("no module of that name")

    entries = {**registry("command")._entries, "try": Entry("try", Spec(broken), "stranger")}
    monkeypatch.setattr(registry("command"), "_entries", entries)
    listed = genart_command("--help")
    assert listed.code == 0
    assert "Broken: ImportError" in listed.out
    done = genart_command("try")
    assert done.code == 1
    assert 'Command "try" of plug-in "stranger" is broken: ImportError' in done.err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (genart.UsageError("too much paint"), 2),
        (genart.DataError("too much paint"), 1),
        (click.ClickException("too much paint"), 1),
        (None, 0),
    ],
)
def test_a_plugins_own_click_command_ends_with_the_same_codes(
    genart_command: Run, monkeypatch: pytest.MonkeyPatch, error: Exception | None, code: int
) -> None:
    def body() -> None:
        if error is not None:
            raise error

    entries = dict(registry("command")._entries)
    made = Spec(lambda: click.Command("try", callback=body))
    entries["try"] = Entry("try", made, "stranger")
    monkeypatch.setattr(registry("command"), "_entries", entries)
    done = genart_command("try")
    assert done.code == code
    assert done.err == ("" if error is None else "Error: too much paint\n")


def test_plugins_shows_what_each_provides_and_why_some_were_set_aside(
    genart_command: Run, monkeypatch: pytest.MonkeyPatch, entry_point: Any
) -> None:
    from genart.plugins import Plugins

    bad = entry_point("bad", "raise RuntimeError('out of paint')")
    good = entry_point(
        "good",
        "import genart\n@genart.hookimpl\n"
        "def register_interpolators(register): register('straight', object)",
    )
    loaded = Plugins([*entry_points(group="genart", name="commands"), bad, good])
    monkeypatch.setattr("genart.plugins._plugins", loaded)
    done = genart_command("plugins")
    assert done.code == 0
    assert "disabled: RuntimeError: out of paint" in done.out
    assert "interpolator: straight" in done.out
    assert "--traceback" in done.out
    assert 'raise RuntimeError("out of paint")' not in done.out
    assert "raise RuntimeError('out of paint')" in genart_command("plugins", "--traceback").out
    found = {
        plugin["name"]: plugin for plugin in genart_command("plugins", "--json").json["plugins"]
    }
    assert found["bad"]["error"] == "RuntimeError: out of paint"
    assert found["good"]["provides"] == {"interpolator": ["straight"]}


def test_models_lists_names_and_plugins(genart_command: Run) -> None:
    listed = genart_command("models", "--json").json["models"]
    plasma = next(each for each in listed if each["name"] == "plasma")
    assert {**plasma, "about": ""} == {
        "name": "plasma", "kind": "generator", "plugin": "plasma", "about": "",
    }  # fmt: skip
    assert genart_command("models", "list", "--json").json["models"] == listed
    lines = genart_command("models").out.splitlines()
    assert lines.index("Generators, for --model:") < lines.index("Stylizers, for --style:")
    assert any(line.startswith("  fast:great_wave ") for line in lines)


def test_sketches_lists_what_each_is(genart_command: Run) -> None:
    listed = genart_command("sketches", "--json").json["sketches"]
    names = [each["name"] for each in listed]
    assert names == sorted(names)
    assert "drift" in names
    assert all(each["about"].endswith(".") for each in listed)
    assert any(line.startswith("drift ") for line in genart_command("sketches").out.splitlines())


def test_params_lists_every_param_of_a_sketch(genart_command: Run) -> None:
    shared = genart_command("params", "--json").json
    assert shared["sketch"] is None
    paths = [each["path"] for each in shared["params"]]
    assert len(set(paths)) == len(paths)
    assert {"walk.kind", "model.truncation", "transport.speed", "tempo.bpm"} <= set(paths)
    assert all(each["help"] for each in shared["params"])
    drift = genart_command("params", "drift", "--json").json
    found = {each["path"]: each for each in drift["params"]}
    assert set(paths) == set(found), "drift has no Params of its own"
    mandala = genart_command("params", "mandala", "--json").json["params"]
    assert {each["path"] for each in mandala} - set(paths) == {
        "sketch.mirrors", "sketch.zoom", "sketch.turn",
    }  # fmt: skip
    assert found["walk.kind"]["default"] == "cubic", "as the sketch begins"
    assert "slerp" in found["walk.kind"]["choices"]
    truncation = found["model.truncation"]
    assert (truncation["kind"], truncation["min"], truncation["max"]) == ("float", -2.0, 2.0)
    text = genart_command("params", "drift").out
    assert all(path in text for path in found)
    assert "-2..2" in text


def test_params_lists_those_of_a_stylizer(genart_command: Run) -> None:
    listed = genart_command("params", "-p", "style.chain=fast:great_wave", "--json").json["params"]
    assert {"style.great_wave", "style.own_colour"} <= {each["path"] for each in listed}


def test_a_wrong_param_points_to_the_command_that_lists_them(genart_command: Run) -> None:
    done = genart_command("render", "drift", "-p", "model.truncatoin=1", "-o", "x.gif")
    assert done.code == 2
    assert 'Did you mean "model.truncation"? `genart params SKETCH` lists all.' in done.err
    wrong = genart_command("params", "nothing")
    assert (wrong.code, wrong.err.count("No sketch named")) == (2, 1)


def test_a_command_works_where_the_terminal_knows_no_unicode(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    done = subprocess.run(
        [sys.executable, "-m", "genart", "plugins", "--json"],
        capture_output=True, env=environment, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0
    assert json.loads(done.stdout)["plugins"][0]["distribution"].startswith("genart ")


def test_the_cli_is_no_public_name() -> None:
    assert "cli" not in genart.__all__


@pytest.mark.parametrize(("words", "code"), [(["--version"], 0), (["nothing"], 2)])
def test_a_thread_left_behind_does_not_change_how_the_program_ends(
    words: list[str], code: int
) -> None:
    """Python takes its modules down around such a thread, which torch does not survive."""
    program = (
        "import atexit, sys, threading; from genart.cli import main\n"
        "atexit.register(print, 'taken down')\n"
        "wait = threading.Event().wait\n"
        "threading.Thread(target=wait, name='genart-pacer', daemon=True).start()\n"
        f"sys.argv = ['genart', *{words!r}]\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == code
    assert "taken down" not in done.stdout
    assert ("genart" in done.stdout) == (code == 0)


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ({}, "2000"),
        ({"GOMP_SPINCOUNT": "5"}, "5"),
        ({"OMP_WAIT_POLICY": "active"}, None),
    ],
)
def test_idle_threads_of_openmp_give_their_core_away_unless_the_user_chose(
    given: dict[str, str], seen: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY"):
        monkeypatch.setenv(name, "")  # so that what `main` sets is undone
        monkeypatch.delenv(name)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(cli, "run", lambda: 0)
    monkeypatch.setattr(cli, "signal", lambda *_: None)
    with pytest.raises(SystemExit):
        cli.main()
    assert os.environ.get("GOMP_SPINCOUNT") == seen


def test_info_of_the_system_says_whether_the_kernels_are_used(
    genart_command: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENART_NATIVE", "off")
    assert "kernels: not used: GENART_NATIVE=off" in genart_command("info", "--system").out
    assert genart_command("info", "--system", "--json").json["threads"] >= 1
