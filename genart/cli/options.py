"""Options that several commands share."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

MODEL = "pomona"

#: For commands whose model can compute in more than one precision.
precision_option = click.option(
    "--precision", type=click.Choice(("auto", "float32", "half")),
    help="Number format of the network; half needs CUDA.  [auto: as the model was made]",
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
            self.fail(
                f'"{value}" is not of the form owner.name=value, for example sketch.speed=0.5.',
                param,
                ctx,
            )
        return path.strip(), text


class Option(click.ParamType):  # type: ignore[type-arg, unused-ignore]
    """`name=value`; becomes ("name", value), a number or a switch if the text is one."""

    name = "name=value"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Any]:
        """Split at the first equals sign."""
        if isinstance(value, tuple):
            return value
        name, equals, text = str(value).partition("=")
        if not equals or not name.strip():
            self.fail(
                f'"{value}" is not of the form name=value, for example preset=gatys.', param, ctx
            )
        return name.strip().replace("-", "_"), _read(text.strip())


class ClassNumber(click.ParamType):  # type: ignore[type-arg, unused-ignore]
    """A class of a model, checked as those of a dataset are; becomes its index."""

    name = "integer"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the index; the model checks whether it has such a class."""
        from genart.errors import UsageError
        from genart.latent import parse_class

        try:
            return parse_class(value, sys.maxsize)
        except UsageError as error:
            self.fail(str(error), param, ctx)


class_option = click.option(
    "--class", "label", type=ClassNumber(), help="Class number, for models with classes."
)


def _read(text: str) -> Any:
    """The value that a text stands for."""
    switches = {"true": True, "false": False}
    if text.lower() in switches:
        return switches[text.lower()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


#: For commands that repaint images and films.
repaint_size_option = click.option(
    "--size", metavar="N or WxH", help="Longer side in pixels, or WxH to scale and crop."
)
repaint_fps_option = click.option("--fps", help="Frames per second of films.  [those of the input]")
extra_option = click.option(
    "--option", "extra", type=Option(), multiple=True,
    help="Another option of the stylizer; repeatable.",
)  # fmt: skip


def preview_option(shows: str) -> Callable[[Any], Any]:
    """--preview; `shows` names what the preview shows."""
    says = f"Image file, updated every two seconds, that shows {shows}."
    preview = click.Path(dir_okay=False, path_type=Path)
    return click.option("--preview", type=preview, help=says)


def chosen(options: Mapping[str, Any]) -> dict[str, Any]:
    """The given options, including those from --option.

    Raises:
        UsageError: an option was given in both ways, or --option names an argument of the command.
    """
    given = {name: value for name, value in options.items() if value is not None}
    extra = dict(given.pop("extra", ()))
    context = click.get_current_context()
    for name in extra.keys() & ({"progress", *context.params} - options.keys()):
        raise click.UsageError(f"--option {name}=... is not an option of the stylizer.", context)
    for name in extra.keys() & given.keys():
        word = name.replace("_", "-")
        raise click.UsageError(f"--option {word}=... and --{word} are the same; give one of them.")
    return given | extra


def model_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--model, --truncation, --cutoff, --class and --size, for commands that make images."""
    for option in reversed(
        (
            click.option("--model", default=MODEL, show_default=True, help="Name, file or URL."),
            click.option(
                "--truncation", type=float, default=0.7, show_default=True,
                help="1 for the full variety, 0 for the average image.",
            ),
            click.option("--cutoff", type=int, help="Truncate only the first N layers."),
            class_option,
            click.option("--size", metavar="N or WxH", help="Pixels, width first.  [the model's]"),
        )
    ):  # fmt: skip
        command = option(command)
    return command
