"""`genart train KIND`: one command per trainer, one option per setting."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genart.cli.command import command as declare

if TYPE_CHECKING:
    from genart.progress import ProgressCallback
    from genart.training.api import Setting


class Trainers(click.Group):
    """The registered trainers, one command each."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names."""
        from genart.plugins import registry

        return list(registry("trainer"))

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command of one trainer."""
        return _trainer(name) if name in self.list_commands(ctx) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Like click, but the error for an unknown kind lists the known ones."""
        if args and not args[0].startswith("-") and args[0] not in self.list_commands(ctx):
            from genart.errors import UnknownName

            hint = "`genart plugins` lists all."
            ctx.fail(str(UnknownName("trainer", args[0], self.list_commands(ctx), hint)))
        return super().resolve_command(ctx, args)


@click.group(
    cls=Trainers,
    name="train",
    epilog="Example: genart train stylegan2 --data fruit.zip --out runs/fruit --resume auto",
)
def command() -> None:
    """Train a model.

    `genart train KIND --help` lists the settings of a kind.
    """


def show(made: Mapping[str, Any]) -> Iterator[str]:
    """What to print."""
    yield f"Model: {made['model']}"


def _trainer(kind: str) -> click.Command:
    from genart.plugins import registry
    from genart.training.api import settings_of, takes_data, train

    wants = takes_data(kind)
    given = registry("trainer")[kind].spec.example or "--data images.zip --out runs/one"
    example = f"genart train {kind} {given}"

    def body(
        out: Path,
        device: str,
        progress: ProgressCallback,
        data: Path | None = None,
        **options: Any,
    ) -> Mapping[str, Any]:
        given = {name: value for name, value in options.items() if value not in (None, ())}
        return {"model": train(kind, data, out, device=device, progress=progress, **given)}

    body.__doc__ = f"Train {kind}" + (" on a folder or zip of images." if wants else ".")
    for setting in reversed(settings_of(kind)):
        body = _option(setting)(body)
    for option in reversed(_SHARED if wants else _SHARED[1:]):
        body = option(body)
    return declare(example, show, name=kind)(body)


_SHARED: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--data", type=click.Path(exists=True, path_type=Path), required=True,
        help="A folder or zip of images.",
    ),
    click.option(
        "--out", type=click.Path(file_okay=False, path_type=Path), required=True,
        help="Folder for snapshots, logs and the model.",
    ),
    click.option("--resume", help='Continue from this snapshot; "auto" uses the newest in --out.'),
)  # fmt: skip


def _option(setting: Setting) -> Callable[[Any], Any]:
    name = setting.name.replace("_", "-")
    says = f"{setting.help}  [{setting.default}]".strip()
    if setting.kind is bool:
        return click.option(f"--{name}/--no-{name}", setting.name, default=None, help=says)
    if setting.kind is tuple:
        return click.option(f"--{name}", setting.name, multiple=True, help=setting.help)
    return click.option(f"--{name}", setting.name, type=setting.kind, help=says)
