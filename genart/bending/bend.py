"""Bends: layer, channels, operation and amounts; and their text form."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from genart.bending.channels import Channels
from genart.bending.operations import Operation, operation
from genart.errors import DataError, UnknownName, UsageError

_FOLDER = Path(__file__).with_name("presets")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_BEND = re.compile(
    r"(?P<layer>[^\[\]:@+]+?)\s*(?:\[(?P<channels>[^\[\]]*)\])?\s*"
    r":\s*(?P<operation>\w+)\s*(?:@(?P<amounts>[^@+:\[\]]*))?"
)
_KEYS = {"layer", "operation", "channels", "amounts", "name"}
_MOST = 64  # bends at once
_LARGEST = 1 << 20  # bytes of a file
#: The Param that scales all others, so no bend can have this name.
MASTER = "amount"


@dataclass(frozen=True)
class Bend:
    """One operation on channels of a layer.

    Args:
        layer: "b16.conv1", "16.1", or "16" for the last one of that resolution.
        operation: one of `OPERATIONS`, such as "rotate".
        amounts: the operation's numbers; those left out are as they usually are.
        channels: "all", "0-7,12", "25%", "25% seed 3" or "cluster 2 of 5".
        name: what its Param is called; the operation and the layer unless given.

    Raises:
        UsageError: an operation, amounts, channels or a name that cannot be.
    """

    layer: str
    operation: str
    amounts: tuple[float, ...] = ()
    channels: str = "all"
    name: str = ""

    def __post_init__(self) -> None:
        does = operation(self.operation)
        amounts = does.filled(self.amounts)
        for amount, value in zip(does.amounts, amounts, strict=True):
            if not amount.low <= value <= amount.high:
                raise UsageError(
                    f"{self.operation}: {amount.name} is {amount.low:g}..{amount.high:g}, "
                    f"not {value:g}."
                )
        name = self.name or re.sub(r"\W+", "_", f"{self.operation}_{self.layer.strip()}").lower()
        if not _NAME.fullmatch(name) or name == MASTER:
            raise UsageError(
                f'"{name}" is not a name for a bend. Use a letter, then letters, digits and _, '
                "all lower "
                f'case, at most 40, and not "{MASTER}".'
            )
        Channels(self.channels)
        object.__setattr__(self, "amounts", amounts)
        object.__setattr__(self, "name", name)

    @property
    def does(self) -> Operation:
        """Its operation."""
        return operation(self.operation)

    def params(self) -> list[str]:
        """The names of its amounts' Params, in order."""
        if len(self.amounts) == 1:
            return [self.name]
        return [f"{self.name}_{amount.name}" for amount in self.does.amounts]


def parse_bends(text: str | Path | Bend | Sequence[str | Path | Bend]) -> tuple[Bend, ...]:
    """Bends from text: parts joined by " + ", each a bend, a preset's name or a .toml file.

    A bend is `LAYER[CHANNELS]:OPERATION@AMOUNTS`, such as `16:rotate@0.3` or
    `64.1[25% seed 3]:translate@0.2,0.1`; channels and amounts may be left out.

    Raises:
        UsageError: text of another form, or what a bend refuses.
        UnknownName: no such operation or preset.
        DataError: a file that holds no bends.
    """
    if isinstance(text, Bend):
        return (text,)
    if isinstance(text, Path):
        return read_preset(text)
    if not isinstance(text, str):
        return named(bend for part in text for bend in parse_bends(part))
    parts = [part.strip() for part in text.split("+")]
    return named(bend for part in parts if part or len(parts) > 1 for bend in _part(part))


def named(bends: Any) -> tuple[Bend, ...]:
    """Bends whose Params have unique names: a name that is taken gets a number.

    Raises:
        UsageError: too many.
    """
    found: list[Bend] = []
    taken: set[str] = set()
    for bend in bends:
        tries = (bend if n == 1 else replace(bend, name=f"{bend.name}_{n}") for n in range(1, 999))
        free = next(each for each in tries if not taken & set(each.params()))
        taken |= set(free.params())
        found.append(free)
        if len(found) > _MOST:
            raise UsageError(f"At most {_MOST} bends are possible.")
    return tuple(found)


def _part(part: str) -> tuple[Bend, ...]:
    if part.endswith(".toml"):
        return read_preset(Path(part))
    match = _BEND.fullmatch(part)
    if not match:
        if _NAME.fullmatch(part):
            return preset(part)
        raise UsageError(
            f'"{part}" is not a bend. Write LAYER:OPERATION@AMOUNT, for example 16:rotate@0.3, or '
            "LAYER[CHANNELS]:OPERATION@AMOUNT, or a preset's name, or a .toml file."
        )
    channels = "all" if match["channels"] is None else match["channels"].strip()
    return (Bend(match["layer"], match["operation"], _numbers(match["amounts"], part), channels),)


def _numbers(text: str | None, part: str) -> tuple[float, ...]:
    try:
        return tuple(float(number) for number in text.split(",")) if text is not None else ()
    except ValueError:
        raise UsageError(f'"{part}": amounts are comma-separated numbers, not "{text}".') from None


def presets() -> dict[str, str]:
    """The included presets: name to a sentence about it."""
    return {file.stem: str(_read(file).get("about", "")) for file in sorted(_FOLDER.glob("*.toml"))}


def preset(name: str) -> tuple[Bend, ...]:
    """An included preset.

    Raises:
        UnknownName: there is none of that name.
    """
    files = {file.stem: file for file in _FOLDER.glob("*.toml")}
    if name not in files:
        raise UnknownName(
            "preset of bends", name, files, "Or write a bend, for example 16:rotate@0.3."
        )
    return read_preset(files[name])


def read_preset(path: Path) -> tuple[Bend, ...]:
    """The bends of a .toml file: `[[bend]]` tables of layer, operation, channels, amounts, name.

    Raises:
        UsageError: no such file.
        DataError: one that holds no bends, or some that cannot be.
    """
    if not path.is_file():
        raise UsageError(f'There is no bends file "{path}".')
    tables = _read(path).get("bend")
    if not isinstance(tables, list) or not tables:
        raise DataError(
            f"{path} contains no bends: it needs a [[bend]] with a layer and an operation."
        )
    try:
        return named([_made(table) for table in tables])
    except (UsageError, TypeError, ValueError) as error:
        raise DataError(f"{path}: {error}") from error


def _made(table: Any) -> Bend:
    if not isinstance(table, dict) or not {"layer", "operation"} <= set(table):
        raise UsageError("every [[bend]] needs a layer and an operation.")
    if unknown := set(table) - _KEYS:
        raise UnknownName("key of a bend", min(unknown), _KEYS, "docs/bending.md explains them.")
    amounts = table.get("amounts", [])
    amounts = amounts if isinstance(amounts, list) else [amounts]
    texts = {name: str(table[name]) for name in _KEYS - {"amounts"} if name in table}
    return Bend(amounts=tuple(float(amount) for amount in amounts), **texts)


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _LARGEST:
            raise DataError(f"{path} is too large for a bends file.")
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise DataError(f"{path} is not readable TOML: {error}.") from error
