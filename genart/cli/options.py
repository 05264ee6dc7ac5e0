"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

MODEL = "pomona"

#: Of commands whose model may compute in more than one precision.
precision_option = click.option(
    "--precision", type=click.Choice(("auto", "float32", "half")),
    help="What the network computes in; half takes CUDA.  [auto: what it is made for]",
)  # fmt: skip


class Assignment(click.ParamType):  # type: ignore[type-arg, unused-ignore]
    """`owner.name=value`; becomes ("owner.name", "value")."""

    name = "owner.name=value"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Split at the first equals sign."""
        if isinstance(value, tuple):
            return value
        path, equals, text = str(value).partition("=")
        if not equals or "." not in path.strip("."):
            self.fail(f'"{value}" is not like sketch.speed=0.5.', param, ctx)
        return path.strip(), text


class Option(click.ParamType):  # type: ignore[type-arg, unused-ignore]
    """`name=value`; becomes ("name", value), a number or a switch where it reads like one."""

    name = "name=value"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Any]:
        """Split at the first equals sign."""
        if isinstance(value, tuple):
            return value
        name, equals, text = str(value).partition("=")
        if not equals or not name.strip():
            self.fail(f'"{value}" is not like preset=gatys.', param, ctx)
        return name.strip().replace("-", "_"), _read(text.strip())


def _read(text: str) -> Any:
    """A text as the value it stands for."""
    switches = {"true": True, "false": False}
    if text.lower() in switches:
        return switches[text.lower()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


#: Of commands that repaint pictures and films.
repaint_size_option = click.option(
    "--size", metavar="N or WxH", help="At most N pixels on the longer side, or cover WxH."
)
extra_option = click.option(
    "--option", "extra", type=Option(), multiple=True,
    help="Any other option of the stylizer; may be repeated.",
)  # fmt: skip


def preview_option(shows: str) -> Callable[[Any], Any]:
    """--preview; `shows` says in words how what goes."""
    says = f"A picture, written anew every two seconds, that shows {shows}."
    preview = click.Path(dir_okay=False, path_type=Path)
    return click.option("--preview", type=preview, help=says)


def chosen(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that were given, those of --option among them.

    Raises:
        UsageError: one that was given both ways.
    """
    given = {name: value for name, value in options.items() if value is not None}
    extra = dict(given.pop("extra", ()))
    for name in extra.keys() & given.keys():
        word = name.replace("_", "-")
        raise click.UsageError(f"--option {word}=... and --{word} are the same; give one of them.")
    return given | extra


def model_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--model, --truncation, --cutoff, --class and --size, as every picture command has them."""
    for option in reversed(
        (
            click.option("--model", default=MODEL, show_default=True, help="Name, file or URL."),
            click.option(
                "--truncation", type=float, default=0.7, show_default=True,
                help="1 is the whole space, 0 the average picture.",
            ),
            click.option("--cutoff", type=int, help="Truncate only the first N layers."),
            click.option("--class", "label", type=int, help="For models with classes."),
            click.option("--size", metavar="N or WxH", help="Pixels, width first.  [the model's]"),
        )
    ):  # fmt: skip
        command = option(command)
    return command
