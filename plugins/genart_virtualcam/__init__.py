"""A virtual camera: the picture as a webcam, for any program that takes one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import genart


@genart.hookimpl
def register_sinks(register: Callable[[str, Callable[..., Any]], None]) -> None:
    """Offer "virtualcam"."""
    register("virtualcam", virtualcam)


def virtualcam(**options: Any) -> genart.Sink:
    """A virtual camera: --to virtualcam, or virtualcam:DEVICE."""
    from genart_virtualcam.sink import CameraSink

    return CameraSink(**options)


virtualcam.live = True  # type: ignore[attr-defined]
