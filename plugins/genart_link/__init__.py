"""Ableton Link as a control: one tempo and one beat shared with programs on the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import genart

if TYPE_CHECKING:
    from genart_link.control import Link


def link(source: str = "") -> Link:
    """The control `link`.

    Args:
        source: "play" shares start and stop as well; "" leaves them alone.

    Raises:
        MissingExtra: LinkPython-extern is not installed.
        UsageError: another source.
    """
    try:
        import link  # noqa: F401
    except ImportError as error:
        raise genart.errors.MissingExtra("LinkPython-extern", "link") from error
    from genart_link.control import Link

    return Link(source)


@genart.hookimpl
def register_controls(register: genart.Register[genart.Control]) -> None:
    """Offer `link`."""
    register("link", link)
