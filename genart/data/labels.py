"""The classes of a dataset's images, from its `dataset.json`: checked once, for every trainer.

| class in the file       | is                                                                  |
|-------------------------|---------------------------------------------------------------------|
| 3, 3.0, "3"             | class 3; classes are counted from 0                                 |
| "apple"                 | a name; the names in alphabetical order are the classes 0, 1, 2 ... |
| [0, 0, 1]               | one-hot: class 2 of 3                                               |
| -1, null, 0.5, [0.5, 1] | refused, with file and line                                         |
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, NoReturn

from genart.data.image_source import ImageSource
from genart.errors import DataError, UsageError
from genart.latent import parse_class
from genart.media.file_names import normal_name

_FILE = "dataset.json"
_MOST = 10_000  # classes
_NAMED = 3  # file names in a message


@dataclass(frozen=True)
class Labels:
    """The class of each image of a dataset.

    Args:
        indices: class of each image, from 0.
        count: number of classes.
        names: of the classes, if the file has names; else empty.
        empty: classes below `count` that no image has.
    """

    indices: tuple[int, ...]
    count: int
    names: tuple[str, ...] = ()
    empty: tuple[int, ...] = ()

    def warning(self) -> str:
        """Return a warning about classes without an image, or ""."""
        if not self.empty:
            return ""
        listed = ", ".join(map(str, self.empty[:_NAMED])) + (" ..." if self.empty[_NAMED:] else "")
        counted = " Classes are counted from 0." if self.empty[0] == 0 else ""
        return f"{_FILE}: no image has class {listed} of 0..{self.count - 1}.{counted}"


def read_labels(source: ImageSource, names: Sequence[str]) -> Labels:
    """Read the classes of images.

    The file is `dataset.json` at the top of the folder or zip, or in its only folder; the names in
    it are relative to it.

    Args:
        source: the folder or zip.
        names: the images, as `source.names` has them.

    Raises:
        DataError: no such file, one of another form, an image without a class, or a class that is
            none; the message names file and line.
    """
    where = _find(source)
    table = _Table(f"{source.path}: {where}", source.read(where))
    base = str(PurePosixPath(where).parent)
    return table.labels([name if base == "." else name.removeprefix(f"{base}/") for name in names])


def _find(source: ImageSource) -> str:
    """The name of the file with the classes."""
    found = [name for name in source.files if PurePosixPath(name).name == _FILE]
    if not found:
        raise DataError(
            f'"{source.path}" has no {_FILE}; it needs "labels": [[file, class], ...] for every '
            "image."
        )
    return min(found, key=lambda name: (name.count("/"), name))


class _Table:
    """File names and classes of a `dataset.json`.

    Args:
        where: the file, for messages.
        data: its bytes.
    """

    def __init__(self, where: str, data: bytes) -> None:
        self.where = where
        try:
            self.text = data.decode("utf-8-sig")
            content = json.loads(self.text)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{where} is not readable JSON: {error}.") from error
        self.classes = {normal_name(name): value for name, value in self._pairs(content)}

    def labels(self, names: Sequence[str]) -> Labels:
        """The classes of images."""
        missing = [name for name in names if name not in self.classes]
        if missing:
            more = " ..." if missing[_NAMED:] else ""
            raise DataError(
                f"{self.where}: {len(missing)} of {len(names)} images have no class: "
                f"{', '.join(missing[:_NAMED])}{more}."
            )
        values = [self.classes[name] for name in names]
        if any(isinstance(value, str) and not value.strip().isdigit() for value in values):
            return self._named(names, values)
        found = [self._index(*pair) for pair in zip(names, values, strict=True)]
        lengths = [len(value) for value in values if isinstance(value, list)]
        count = max([max(found) + 1, *lengths])
        empty = tuple(sorted(set(range(count)) - set(found)))
        return Labels(tuple(found), count, empty=empty)

    def _named(self, names: Sequence[str], values: Sequence[Any]) -> Labels:
        for name, value in zip(names, values, strict=True):
            if not isinstance(value, str) or not value.strip():
                self._refuse(name, value, "other images have names as classes")
        known = sorted({value.strip() for value in values})
        return Labels(tuple(known.index(value.strip()) for value in values), len(known), (*known,))

    def _index(self, name: str, value: Any) -> int:
        """A class index, from a number, digits, or a one-hot list."""
        if isinstance(value, list):
            if sorted(value, key=str) != [0] * (len(value) - 1) + [1]:
                self._refuse(name, value, "a one-hot list has a single 1, all else is 0")
            return value.index(1)
        try:
            return parse_class(value, _MOST)
        except UsageError as error:
            self._refuse(name, value, str(error).rstrip("."))

    def _refuse(self, name: str, value: Any, why: str) -> NoReturn:
        raise DataError(f"{self._place(name)}: {name} has class {json.dumps(value)}: {why}.")

    def _place(self, name: str) -> str:
        """The file and, if it is found, the line of an image."""
        for number, line in enumerate(self.text.splitlines(), 1):
            if name in normal_name(line) or json.dumps(name) in line:
                return f"{self.where}, line {number}"
        return self.where

    def _pairs(self, content: Any) -> list[tuple[str, Any]]:
        labels = content.get("labels") if isinstance(content, Mapping) else None
        pairs = list(labels.items()) if isinstance(labels, Mapping) else labels
        if not isinstance(pairs, list) or not pairs:
            raise DataError(f'{self.where} needs "labels": [[file, class], ...] for every image.')
        for pair in pairs:
            if not (
                isinstance(pair, (list, tuple)) and len(pair) == 2 and isinstance(pair[0], str)
            ):
                raise DataError(f"{self.where}: {json.dumps(pair)} is not [file, class].")
        return [(name, value) for name, value in pairs]
