"""The `genart` program: finds commands, runs one, converts the result to an exit code."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Sequence

import click

from genart.errors import GenartError, UnknownName, UsageError, explain
from genart.plugins import registry

DONE, FAILED, MISUSED = 0, 1, 2


class Program(click.Group):
    """`genart`: its commands come from the registry, which plug-ins can extend."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return list(registry("command"))

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command with this name; a broken one reports the reason when it is called."""
        if name not in registry("command"):
            return None
        try:
            made: click.Command = registry("command").create(name)
        except Exception as error:  # help and the other commands still work
            return _broken(name, error)
        return made

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Like click, but the error for an unknown name suggests the nearest."""
        if args and not args[0].startswith("-") and args[0] not in registry("command"):
            unknown = UnknownName(
                "command", args[0], registry("command"), "`genart --help` lists all."
            )
            ctx.fail(str(unknown))
        return super().resolve_command(ctx, args)


def _broken(name: str, error: Exception) -> click.Command:
    owner, reason = registry("command")[name].owner, f"{type(error).__name__}: {error}"

    def explain() -> None:
        raise GenartError(f'Command "{name}" of plug-in "{owner}" is broken: {reason}') from error

    return click.Command(name, callback=explain, short_help=f"Broken: {reason}")


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="genart", message="%(prog)s %(version)s")
def program() -> None:
    """Make art with generative networks: sketches, live performances, films.

    Time goes in, frames come out: a walk turns time into a latent, a generator turns the latent
    into an image, a sink shows or saves it.

    Example: genart render -o loop.mp4
    """


def run(arguments: Sequence[str] | None = None) -> int:
    """Run `genart ARGUMENT...`; returns the exit code."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    try:
        code = program.main(arguments, prog_name="genart", standalone_mode=False)
        return code if isinstance(code, int) else DONE
    except (KeyboardInterrupt, click.Abort) as stop:
        return _fail(arguments, _interrupted(stop), FAILED)
    except click.UsageError as error:
        error.show()
        return _fail(arguments, error.format_message(), MISUSED, shown=True)
    except (click.ClickException, GenartError) as error:
        _debug()
        reason = error.format_message() if isinstance(error, click.ClickException) else str(error)
        code = MISUSED if isinstance(error, UsageError) else FAILED
        return _fail(arguments, reason, code, getattr(error, "__notes__", ()))
    except Exception as error:
        if (sentence := explain(error)) is not None:
            _debug()
            return _fail(arguments, sentence, FAILED, getattr(error, "__notes__", ()))
        notes = _debug() or ["Set the environment variable GENART_DEBUG=1 to see the traceback."]
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        return _fail(arguments, reason, FAILED, notes if notes != [""] else ())


def _fail(
    arguments: Sequence[str],
    reason: str,
    code: int,
    notes: Sequence[str] = (),
    *,
    shown: bool = False,
) -> int:
    """Report the reason on stderr, and with --json as the one object on stdout."""
    if not shown:
        click.echo(f"Error: {reason}", err=True)
        for note in notes:
            click.echo(note, err=True)
    if "--json" in arguments:
        click.echo(json.dumps({"error": reason}))
    return code


def _interrupted(stop: BaseException) -> str:
    cause = stop if isinstance(stop, KeyboardInterrupt) else stop.__cause__
    lines = [str(cause or ""), *getattr(cause, "__notes__", ())]
    return " ".join(["Interrupted.", *filter(None, lines)])


def _debug() -> list[str]:
    """Print the traceback if GENART_DEBUG is set; returns [""] if it was printed."""
    if not os.environ.get("GENART_DEBUG"):
        return []
    traceback.print_exc()
    return [""]
