"""A virtual camera: the image as a webcam, for any program that takes one."""

from __future__ import annotations

from typing import Any

import genart


@genart.hookimpl
def register_sinks(register: genart.Register[genart.Sink]) -> None:
    """Offer "virtualcam"."""
    register("virtualcam", genart.Spec(virtualcam, live=True))


def virtualcam(**options: Any) -> genart.Sink:
    """A virtual camera: --to virtualcam, or virtualcam:DEVICE."""
    from genart_virtualcam.sink import CameraSink

    return CameraSink(**options)
