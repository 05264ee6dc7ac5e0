"""Screens: glfw ready for use, and which screen is which."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from genart.errors import GenartError, UsageError


class NoWindow(GenartError):
    """A window that cannot be opened here; the picture can go elsewhere."""


@dataclass(frozen=True)
class Screen:
    """A screen, known again when it was unplugged and comes back.

    Args:
        name: what its maker calls it.
        twin: how many of that name come before it.
    """

    name: str
    twin: int

    def monitor(self, glfw: Any) -> Any:
        """What glfw knows it by now, or None while it is unplugged."""
        named = [each for each in glfw.get_monitors() if _name(glfw, each) == self.name]
        return named[self.twin] if self.twin < len(named) else None


def find_screen(glfw: Any, number: int | None) -> Screen:
    """The screen of a number, from 1; None is the system's first.

    Raises:
        NoWindow: there are no screens.
        UsageError: none has that number; the message names those that are there.
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
    """Left, top, width and height of a screen less its bars, in screen coordinates."""
    left, top, width, height = glfw.get_monitor_workarea(monitor)
    if width and height:
        return left, top, width, height
    return *glfw.get_monitor_pos(monitor), *glfw.get_video_mode(monitor).size


def first_size(picture: tuple[int, int], area: Sequence[int], smallest: int) -> tuple[int, int]:
    """The (width, height) that a window opens with.

    Args:
        picture: (h, w) of the frames; a small one is enlarged a whole number of times.
        area: (width, height) it must leave a tenth of free, all of it inside.
        smallest: what the shorter side is at least, where there is room, in pixels.
    """
    times = max(1, -(-smallest // min(picture)))
    height, width = picture[0] * times, picture[1] * times
    scale = min(1.0, 0.9 * area[0] / width, 0.9 * area[1] / height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def density(glfw: Any, monitor: Any) -> float:
    """How many pixels of this screen take the place of one, where windows are sized in pixels."""
    sized = hasattr(glfw, "get_platform") and glfw.get_platform() in (
        glfw.PLATFORM_X11, glfw.PLATFORM_WIN32,
    )  # fmt: skip
    return float(max(glfw.get_monitor_content_scale(monitor))) if sized else 1.0


def can_place(glfw: Any) -> bool:
    """Whether windows may say where they are; under Wayland they may not."""
    return not hasattr(glfw, "PLATFORM_WAYLAND") or glfw.get_platform() != glfw.PLATFORM_WAYLAND


def ready_glfw() -> Any:
    """The glfw module, started, its errors raised.

    Raises:
        NoWindow: it is not installed, or there is no display.
    """
    try:
        import glfw
    except ImportError as error:
        raise NoWindow(f"No window: {error}") from error
    glfw.ERROR_REPORTING = "raise"
    _load_triton()
    try:
        ready = glfw.init()
    except glfw.GLFWError as error:
        raise NoWindow(f"No window: {_said(error)}") from error
    if not ready:
        raise NoWindow("No window: there is no display.")
    return glfw


def _load_triton() -> None:
    """Load triton, where torch brought it, before anything draws.

    It and the OpenGL of Mesa each hold an LLVM: whoever loads triton second ends the process.
    """
    if find_spec("triton") is not None:
        with suppress(Exception):
            import_module("triton")


def _said(error: Exception) -> str:
    text = str(error).removeprefix("(").removesuffix(")")
    return text.rpartition("b'")[2].rstrip("'") or "there is no display."


def _name(glfw: Any, monitor: Any) -> str:
    name = glfw.get_monitor_name(monitor)
    return name.decode(errors="replace") if isinstance(name, bytes) else str(name)
