"""Monitors: starts glfw and finds screens by number."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from genart.errors import GenartError, UsageError


class NoWindow(GenartError):
    """A window that cannot be opened on this machine; the image can be shown elsewhere."""


@dataclass(frozen=True)
class Screen:
    """A screen, recognised when it was unplugged and is plugged in again.

    Args:
        name: its model name.
        twin: how many screens of that name come before it.
    """

    name: str
    twin: int

    def monitor(self, glfw: Any) -> Any:
        """The glfw monitor, or None while it is unplugged."""
        named = [each for each in glfw.get_monitors() if _name(glfw, each) == self.name]
        return named[self.twin] if self.twin < len(named) else None


def find_screen(glfw: Any, number: int | None) -> Screen:
    """The screen of a number, from 1; None is the system's primary screen.

    Raises:
        NoWindow: there are no screens.
        UsageError: no screen has that number; the message names the screens.
    """
    monitors = glfw.get_monitors()
    if not monitors:
        raise NoWindow("No window: there is no screen.")
    names = [_name(glfw, each) for each in monitors]
    if number is None:  # glfw lists the primary one first
        number = 1
    if not 1 <= number <= len(names):
        named = ", ".join(f"{k} ({name})" for k, name in enumerate(names, 1))
        raise UsageError(f"There is no screen {number}; there are {named}.")
    name = names[number - 1]
    return Screen(name, names[: number - 1].count(name))


def room(glfw: Any, monitor: Any) -> tuple[int, int, int, int]:
    """Left, top, width and height of a screen without its bars, in screen coordinates."""
    left, top, width, height = glfw.get_monitor_workarea(monitor)
    if width and height:
        return left, top, width, height
    return *glfw.get_monitor_pos(monitor), *glfw.get_video_mode(monitor).size


def first_size(picture: tuple[int, int], area: Sequence[int], smallest: int) -> tuple[int, int]:
    """The (width, height) of a new window.

    Args:
        picture: (h, w) of the frames; a small image is enlarged by a whole number.
        area: (width, height) of the screen, of which a tenth stays free.
        smallest: the least shorter side, where there is room, in pixels.
    """
    times = max(1, -(-smallest // min(picture)))
    height, width = picture[0] * times, picture[1] * times
    scale = min(1.0, 0.9 * area[0] / width, 0.9 * area[1] / height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def density(glfw: Any, monitor: Any) -> float:
    """How many pixels of this screen make one, where windows are sized in pixels."""
    sized = hasattr(glfw, "get_platform") and glfw.get_platform() in (
        glfw.PLATFORM_X11, glfw.PLATFORM_WIN32,
    )  # fmt: skip
    return float(max(glfw.get_monitor_content_scale(monitor))) if sized else 1.0


def can_position(glfw: Any) -> bool:
    """Whether a window can set its position; under Wayland it cannot."""
    return not hasattr(glfw, "PLATFORM_WAYLAND") or glfw.get_platform() != glfw.PLATFORM_WAYLAND


def ready_glfw() -> Any:
    """Start glfw, with its errors raised; returns the module.

    Raises:
        NoWindow: it is not installed, or there is no display.
    """
    try:
        import glfw
    except ImportError as error:
        raise NoWindow(f"No window: {error}.") from error
    glfw.ERROR_REPORTING = "raise"
    _load_triton()
    try:
        ready = glfw.init()
    except glfw.GLFWError as error:
        raise NoWindow(f"No window: {_reason(error)}") from error
    if not ready:
        raise NoWindow("No window: there is no display.")
    return glfw


def _load_triton() -> None:
    """Load triton, where torch has it, before anything is drawn.

    It and Mesa's OpenGL each contain an LLVM: if triton is loaded second, the process ends.
    """
    if find_spec("triton") is not None:
        with suppress(Exception):
            import_module("triton")


def _reason(error: Exception) -> str:
    """The reason in an error of GLFW, as a sentence."""
    text = str(error).removeprefix("(").removesuffix(")")
    return (text.rpartition("b'")[2].rstrip("'") or "there is no display").rstrip(".") + "."


def _name(glfw: Any, monitor: Any) -> str:
    name = glfw.get_monitor_name(monitor)
    return name.decode(errors="replace") if isinstance(name, bytes) else str(name)
