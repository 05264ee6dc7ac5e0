"""genart.stylizer: makes a stylizer of a name, or of a text such as "fast:great_wave"."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

from genart.contracts import Image, Stylizer
from genart.errors import GenartError, PluginError, UsageError
from genart.plugins import Entry, registry

#: What stands between the stylizers of a chain: paths may hold a plain +.
JOINT = " + "


def stylizer(name: str, **options: Any) -> Stylizer:
    """Make a stylizer, which repaints images.

    Args:
        name: "gatys", "fast", "cyclegan" ...; `genart plugins` lists all, `genart models` the
            included styles and models. Text after a colon is the first option: "fast:great_wave".
        options: of this stylizer.

    Returns:
        A Stylizer. Called with an image, torch float (n, 3, h, w) in -1..1 or anything else that
        `genart.to_image` takes, it returns one of the same size.

    Raises:
        UnknownName: no such stylizer.
        UsageError: an option that it does not take, or one that is missing.
    """
    kind, colon, text = name.partition(":")
    if colon:
        return stylizer_of(kind, text.strip(), **options)
    entry = registry("stylizer")[kind.strip()]
    _check(entry, options)
    made: Stylizer = entry.factory(**options)
    return made


def stylizer_of(kind: str, what: Any, **options: Any) -> Stylizer:
    """Make a stylizer, its first option given without a name; see `stylizer`."""
    first = next(iter(_taken(registry("stylizer")[kind.strip()])), None)
    if first is None or first in options:
        raise UsageError(f'"{kind}" has no option after its colon here, got "{what}".')
    several = isinstance(what, (list, tuple)) and len(what) > 1
    if several and not registry("stylizer")[kind.strip()].spec.several:
        raise UsageError(
            f'"{kind}" takes one {first}, not {len(what)}: {", ".join(map(str, what))}. These '
            f"take several: {_many()}."
        )
    return stylizer(kind, **{first: what}, **options)


def _many() -> str:
    """The names of the stylizers that take several styles."""
    names = [name for name in registry("stylizer") if registry("stylizer")[name].spec.several]
    return ", ".join(names)


def stylizers(chain: str) -> list[Stylizer]:
    """The stylizers of a chain such as "fast:great_wave + cyclegan:fruit.pth", in order."""
    return [stylizer(part) for part in parts(chain)]


def parts(chain: str) -> list[str]:
    """The texts of a chain, one for each stylizer."""
    return [part.strip() for part in chain.split(JOINT) if part.strip()]


def joined(styles: str | Iterable[str]) -> str:
    """One chain of one or several texts."""
    return JOINT.join([styles] if isinstance(styles, str) else styles)


def _taken(entry: Entry) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(entry.factory).parameters)


def _check(entry: Entry, options: dict[str, Any]) -> None:
    taken = _taken(entry)
    kinds = {each.kind for each in taken.values()}
    known = [name for name, each in taken.items() if each.kind is not each.VAR_KEYWORD]
    wrong = [name for name in options if name not in taken]
    if wrong and inspect.Parameter.VAR_KEYWORD not in kinds:
        raise UsageError(
            f"{entry.name} has no option {', '.join(wrong)}; it has {', '.join(known)}."
        )
    for name in known:
        if taken[name].default is inspect.Parameter.empty and name not in options:
            raise UsageError(f'"{entry.name}" needs its {name}: write {entry.name}:{name.upper()}.')


def repainted(stylizer: Stylizer, image: Image) -> Image:
    """Apply a stylizer to an image; the result has the same shape and kind.

    Raises:
        PluginError: it failed, or gave another shape.
    """
    name = type(stylizer).__name__
    try:
        after = stylizer(image)
    except GenartError:
        raise
    except Exception as error:
        raise PluginError(f"The stylizer {name}: {type(error).__name__}: {error}") from error
    if after.shape != image.shape:
        raise PluginError(
            f"The stylizer {name} made {tuple(after.shape)} of {tuple(image.shape)}; it must keep "
            "the shape."
        )
    return after.to(image)
