"""Writes docs/params.md from the declarations of the Params: python docs/scripts/params_page.py."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from genart.playback.param_list import ParamInfo, list_params
from genart.playback.sketch import list_sketches

PAGE = Path(__file__).parents[1] / "params.md"
HEAD = """# Params

A Param is a parameter of a sketch: it has a name, a default, a range and a unit.
`genart params SKETCH` lists all Params of a sketch. The same Param is set

| where | how |
|---|---|
| on the command line | `genart render drift -p model.truncation=0.9` |
| in Python | `genart.render("drift", params={"model.truncation": 0.9})` |
| in a sketch | `defaults = {"model.truncation": 0.9}` in its class |
| over OSC | `/genart/model/truncation 0.9`, see [OSC](osc.md) |
| from MIDI, audio and LFOs | a mapping, see [MIDI](midi.md) and [Audio](audio.md) |
| by hand | the page of `genart live`, see [Live](live.md) |

The command line and Python refuse a value out of range. OSC and the page change it to the nearest
allowed value. A sketch can have other defaults than those below. This page is made by
`python docs/scripts/params_page.py`.
"""
OWNERS = {
    "transport": "Time and the cycle of the walk.",
    "tempo": "Beats.",
    "walk": "The path through latent space, see [Walks](walks.md) and [Mixing](mixing.md).",
    "model": "The generator, see [Bending](bending.md) and [Edit directions](directions.md).",
    "style": "Repainting of the frames, see [Painting](painting.md).",
    "output": "The finished frame.",
}
STYLES = ("fast:great_wave", "cyclegan:fruit_watercolour")


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for owner, params in groupby(list_params(), key=lambda each: each.path.partition(".")[0]):
        parts += [f"## {owner}\n\n{OWNERS[owner]}\n", *table(params)]
    parts.append("## sketch\n\nThe Params of the included [sketches](sketches.md) themselves.\n")
    for sketch in list_sketches():
        own = [each for each in list_params(sketch.path) if each.path.startswith("sketch.")]
        if own:
            parts += [f"### {sketch.name}\n", *table(own)]
    parts.append(
        "## Params of stylizers, bends and directions\n\nA stylizer adds its Params to `style`, "
        "`model.bend` adds one `bend.<name>` for\neach amount, and `model.directions` one "
        "`edit.<name>` for each direction.\n"
    )
    known = {each.path for each in list_params()}
    for style in STYLES:
        added = list_params(None, {"style.chain": style})
        rows = [each for each in added if each.path not in known]
        parts += [f"### style.chain={style}\n", *table(rows)]
    return "\n".join(parts)


def table(params: Iterable[ParamInfo]) -> Iterator[str]:
    """A table of Params."""
    yield "| Param | default | values | meaning |\n|---|---|---|---|"
    for each in params:
        default = str(each.default).lower() if each.kind == "bool" else str(each.default)
        default = f"`{default}`" if default else "empty"
        allowed = each.allowed.replace(" | ", ", ")
        yield f"| `{each.path}` | {default} | {allowed} | {each.help} |"
    yield ""


if __name__ == "__main__":
    PAGE.write_text(page())
