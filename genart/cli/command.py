"""Declare commands: the body makes one call; this module parses options and prints."""

from __future__ import annotations

import functools
import inspect
import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from genart.errors import UsageError

if TYPE_CHECKING:
    from genart.profiling import Profile
    from genart.progress import Progress, ProgressCallback

_DEVICES = click.Choice(("auto", "cpu", "cuda", "mps"))


def command(
    example: str, show: Callable[[Any], Iterable[str]], **settings: Any
) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a click command from a function that calls the library and returns the result.

    The command gets --json and --device. The function receives `device` and `progress` if it
    names them. While it runs, stdout is redirected to stderr, so stdout holds only the result. The
    exit code is 1 if the result counts 0 as `made`.

    Args:
        example: one command line, for --help.
        show: returns the lines to print for the result, without --json.
        settings: for `click.command`; `cls` makes another kind of command.
    """

    def declare(body: Callable[..., Any]) -> click.Command:
        make: Any = click.command(epilog=f"Example: {example}", **settings)
        return cast(click.Command, make(_around(body, show)))

    return declare


def _around(body: Callable[..., Any], show: Callable[[Any], Iterable[str]]) -> Callable[..., None]:
    wanted = inspect.signature(body).parameters

    @functools.wraps(body)
    def run(as_json: bool, device: str, **options: Any) -> None:
        if click.get_current_context().invoked_subcommand:
            return
        if "device" in wanted:
            options["device"] = device
        with progress_bar() as progress, redirect_stdout(sys.stderr):
            if "progress" in wanted:
                options["progress"] = progress
            try:
                _check_numbers(options)
                _vet(options.get("model"))
                found = body(**options)
            except UsageError as error:
                raise click.UsageError(str(error)) from error
        for line in [json.dumps(plain(found))] if as_json else show(found):
            click.echo(line)
        if getattr(found, "made", 1) == 0:  # a batch in which everything failed
            click.get_current_context().exit(1)

    # click keeps options in the order they were applied, the last one first
    run.__click_params__ = [*_last(), *getattr(body, "__click_params__", ())]  # type: ignore[attr-defined]
    return run


def _check_numbers(options: Mapping[str, Any]) -> None:
    """Refuse numbers that are not finite: float("nan") and float("inf") are numbers to Python."""
    for name, value in options.items():
        for each in value if isinstance(value, tuple) else (value,):
            key, number = each if _is_pair(each) else (name.replace("_", "-"), each)
            if isinstance(number, float) and not math.isfinite(number):
                raise UsageError(f"{key} is {number}; allowed: finite numbers.")


def _is_pair(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 2


def _vet(model: Any) -> None:
    """Refuse a bad model file early, before torch is imported."""
    from genart.checkpoints.read import read_checkpoint

    path = Path(model or "")
    if path.suffix.lower() in (".pkl", ".pt", ".pth") and path.is_file():
        read_checkpoint(path)


def _last() -> list[click.Option]:
    return [
        click.Option(["--json", "as_json"], is_flag=True, help="Print one JSON object on stdout."),
        click.Option(
            ["--device"], type=_DEVICES, default="auto", help="Device for the computation.  [auto]"
        ),
    ]


def tell_profile(profile: Profile | None) -> None:
    """Print a profile on stderr after all other output of the command."""
    if profile is not None:
        table = "\n".join(profile.lines())
        click.get_current_context().call_on_close(lambda: click.echo(table, err=True))


def plain(value: Any) -> Any:
    """A value in JSON types: dataclasses as objects, paths as text, NaN as null."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(each) for each in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, (str, int)) else str(value)


@contextmanager
def progress_bar() -> Iterator[ProgressCallback]:
    """A callback that shows Progress as a bar on stderr, with rate and time left."""
    bar: Any = None

    def show(progress: Progress) -> None:
        nonlocal bar
        if bar is None or (bar.unit, bar.total) != (progress.unit, progress.total):
            _close(bar)
            bar = _bar(progress)
        bar.set_postfix_str(progress.note, refresh=False)
        done = progress.done if progress.total is None else min(progress.done, progress.total)
        bar.update(done - bar.n)

    try:
        yield show
    finally:
        _close(bar)


#: The format of a bar that counts in fractions: tqdm would print all digits.
_FRACTIONS = "{l_bar}{bar}| {n:.1f}/{total:.1f} [{elapsed}<{remaining}, {rate_fmt}{postfix}]"


def _bar(progress: Progress) -> Any:
    from tqdm import tqdm

    live = sys.stderr.isatty()
    whole = isinstance(progress.done, int) or progress.total is None
    return tqdm(
        total=progress.total,
        unit=progress.unit,
        unit_scale=progress.unit == "B",
        file=sys.stderr,
        bar_format=None if whole else _FRACTIONS,
        dynamic_ncols=live,
        mininterval=0.1 if live else 10.0,  # a log gets a line now and then
        smoothing=0.1,
    )


def _close(bar: Any) -> None:
    if bar is not None:
        bar.close()
