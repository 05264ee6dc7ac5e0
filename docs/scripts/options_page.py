"""Writes docs/options.md from the commands' declarations: python docs/scripts/options_page.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from genart.plugins import registry

PAGE = Path(__file__).parents[1] / "options.md"
HEAD = """# Options of the commands

Every option of every command. [Commands](commands.md) shows what the commands do, and the options
that all commands have: `--help`, `--json` and `--device`. This page is made by
`python docs/scripts/options_page.py`.
"""
COMMON = {"--json", "--device"}


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for name in sorted(registry("command")):
        command = registry("command").create(name)
        for path, each in commands(f"genart {name}", command):
            parts += [f"## {path}\n", *section(each, path)]
    return "\n".join(parts)


def commands(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    """A command and those within it, each with the words that call it."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                yield from commands(f"{path} {name}", inner)


def section(command: click.Command, path: str) -> Iterator[str]:
    """What a command does, its usage, and a table of its options."""
    context = click.Context(command, info_name=path)
    yield f"{sentence(command.help or '')}\n"
    yield f"```text\n{path} {' '.join(command.collect_usage_pieces(context))}\n```\n"
    options = [option for option in command.params if isinstance(option, click.Option)]
    rows = [row(option, context) for option in options if not COMMON & {*option.opts}]
    if rows:
        yield "| option | does |\n|---|---|"
        yield "\n".join(rows) + "\n"


def row(option: click.Option, context: click.Context) -> str:
    """One option as a row of a table."""
    names, text = option.get_help_record(context) or ("", "")
    names = names.replace("|", "\\|")
    return f"| `{names}` | {sentence(text)} |"


def sentence(text: str) -> str:
    """The first paragraph of a text, on one line, safe in a table."""
    line = " ".join(text.split("\n\n")[0].replace("\b", "").split())
    return line.replace("|", "\\|").replace("<", "&lt;").replace("  ", " ")


if __name__ == "__main__":
    PAGE.write_text(page())
