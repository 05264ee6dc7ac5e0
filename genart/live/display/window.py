"""The window: shows frames on a screen, handles keys, and shows a help overlay."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from genart.contracts import Frame
from genart.live.display.gl_renderer import GlRenderer
from genart.live.display.monitors import (
    NoWindow,
    can_position,
    density,
    find_screen,
    first_size,
    ready_glfw,
    room,
)  # fmt: skip
from genart.live.display.overlay import written
from genart.media.frames import on_black

_SMALLEST = 512  # a small image is enlarged to so many pixels a side
_REST = 2.0  # seconds without movement after which the mouse is hidden in full screen
_FRESH = 0.25  # seconds between two readings of the notes
_PATIENCE = 30  # failed frames in a row after which the window is given up


@dataclass(frozen=True)
class Key:
    """The action of a key.

    Args:
        about: a few words for the help overlay.
        press: runs the action.
    """

    about: str
    press: Callable[[], Any]


class Window:
    """A sink that shows frames; use it from the main thread only.

    The image keeps its aspect, with black around it, or fills the window if `fill` is set.
    F11 or Enter switches between window and full screen; Escape leaves full screen, then closes.
    A full screen that is unplugged becomes a window; plugged in again, it is full screen again.
    `write` never raises: errors are passed to `failed`.

    Args:
        title: of the window.
        size: (h, w) of the frames.
        screen: which screen, from 1; None leaves it to the system.
        fullscreen: whether to start in full screen.
        fill: whether to fill the window and crop the image.
        vsync: whether to show frames between two refreshes of the screen, so that none is torn.
        keys: the action of each letter, digit or space.
        closed: called when the window is closed.
        notes: returns lines to show under the help, such as faults.
        failed: called with an error, or a sentence.
        settled: called when that is over.

    Raises:
        NoWindow: there is no display, or it cannot draw.
        UsageError: no such screen.
    """

    main_thread = True  # GLFW and OpenGL of a window belong to the thread that opened it

    def __init__(
        self,
        title: str,
        size: tuple[int, int],
        *,
        screen: int | None = None,
        fullscreen: bool = False,
        fill: bool = False,
        vsync: bool = True,
        keys: Mapping[str, Key] | None = None,
        closed: Callable[[], Any] = lambda: None,
        notes: Callable[[], Sequence[str]] = lambda: (),
        failed: Callable[[BaseException | str], Any] = lambda what: None,
        settled: Callable[[], Any] = lambda: None,
    ) -> None:
        self.name, self.help = "window", False
        self._glfw = ready_glfw()
        self._keys, self._closed = dict(keys or {}), closed
        self._notes, self._failed, self._settled = notes, failed, settled
        self._fill, self._wanted, self._lost, self._fails = fill, False, False, 0
        self._screen = find_screen(self._glfw, screen)
        self._windowed = (0, 0, 0, 0)
        self._frame: Frame | None = None
        self._moved, self._cursor, self._noted = time.monotonic(), True, 0.0
        self._plate: tuple[Any, Frame] | None = None
        self._handle: Any = self._open(title, size, vsync)
        self._renderer = GlRenderer()
        if fullscreen:
            self.toggle_fullscreen()

    @property
    def fullscreen(self) -> bool:
        """Whether the window covers its screen."""
        return bool(self._handle and self._glfw.get_window_monitor(self._handle))

    def write(self, frame: Frame) -> None:
        """Show one frame, and handle keys."""
        self._frame = on_black(frame)
        try:
            self._show()
            self._attend()
        except Exception as error:  # the other outputs continue
            self._fails += 1
            self._failed(error)
            if self._fails >= _PATIENCE:
                self._handle = None
        else:
            if self._fails:
                self._settled()
            self._fails = 0

    def close(self) -> None:
        """Close the window."""
        handle, self._handle = self._handle, None
        if handle is not None:
            self._glfw.make_context_current(handle)
            self._renderer.release()
            self._glfw.destroy_window(handle)

    def toggle_fullscreen(self) -> None:
        """Switch between window and full screen."""
        glfw = self._glfw
        if self._wanted:
            if self._lost:
                self._settled()
            self._wanted = self._lost = False
            if self.fullscreen:
                glfw.set_window_monitor(self._handle, None, *self._windowed, 0)
            return
        self._windowed = (*_where(glfw, self._handle), *glfw.get_window_size(self._handle))
        self._wanted = True
        self._cover()

    def pixels(self) -> Frame:
        """What the window shows, (h, w, 3): for tests."""
        self._glfw.make_context_current(self._handle)
        return self._renderer.pixels()

    def press(self, key: str) -> None:
        """Run the action of a key: a letter, a digit, "enter" or "escape"."""
        if key == "h":
            self.help = not self.help
        elif key == "enter" or (key == "escape" and self._wanted):
            self.toggle_fullscreen()
        elif key == "escape":
            self._closed()
        elif key in self._keys:
            self._keys[key].press()

    def help_lines(self) -> list[tuple[str, str]]:
        """(key, what it does) for the overlay; keys with the same action are joined."""
        about = groupby(self._keys.items(), lambda item: item[1].about)
        keys = [(_span(key for key, _ in same), text) for text, same in about]
        return [*keys, ("enter F11", "full screen"), ("esc", "leave, close"), ("h", "this help")]

    def _show(self) -> None:
        if self._handle is None or self._frame is None:
            return
        glfw = self._glfw
        glfw.make_context_current(self._handle)
        view = glfw.get_framebuffer_size(self._handle)
        self._renderer.paint(self._frame, view, fill=self._fill)
        if self.help and min(view) > 0:
            self._renderer.overlay(self._written(view))
        glfw.swap_buffers(self._handle)

    def _attend(self) -> None:
        """Handle keys, the mouse, and screens that are plugged in or out."""
        if self._handle is None:
            return
        self._glfw.poll_events()
        self._see_to_screen()
        self._see_to_cursor()
        if self._handle is not None and self._glfw.window_should_close(self._handle):
            self._closed()

    def _written(self, view: tuple[int, int]) -> Frame:
        now = time.monotonic()
        known = self._plate is not None and self._plate[0] == view
        if self._plate is None or not known or now - self._noted > _FRESH:
            self._noted = now
            self._plate = (view, written(self.help_lines(), self._notes(), view))
        return self._plate[1]

    def _cover(self) -> None:
        glfw, monitor = self._glfw, self._screen.monitor(self._glfw)
        if monitor is not None:
            mode = glfw.get_video_mode(monitor)
            glfw.set_window_monitor(self._handle, monitor, 0, 0, *mode.size, mode.refresh_rate)
            self._moved = time.monotonic()

    def _see_to_screen(self) -> None:
        if not self._wanted or self._handle is None or self.fullscreen:
            return
        if self._screen.monitor(self._glfw) is not None:
            self._cover()
            self._lost = False
            self._settled()
        elif not self._lost:
            self._lost = True
            self._failed(f"Screen {self._screen.name} is gone; the image is in a window.")
            self._move_where_seen()

    def _move_where_seen(self) -> None:
        monitor, (_, _, width, height) = self._glfw.get_primary_monitor(), self._windowed
        if monitor and can_position(self._glfw):
            left, top, *_ = room(self._glfw, monitor)
            self._glfw.set_window_monitor(self._handle, None, left + 60, top + 60, width, height, 0)

    def _see_to_cursor(self) -> None:
        shown = not self.fullscreen or time.monotonic() - self._moved < _REST
        if self._handle is not None and shown != self._cursor:
            self._cursor, glfw = shown, self._glfw
            mode = glfw.CURSOR_NORMAL if shown else glfw.CURSOR_HIDDEN
            glfw.set_input_mode(self._handle, glfw.CURSOR, mode)

    def _open(self, title: str, size: tuple[int, int], vsync: bool) -> Any:
        glfw, monitor = self._glfw, self._screen.monitor(self._glfw)
        glfw.default_window_hints()
        for hint, value in (
            (glfw.CONTEXT_VERSION_MAJOR, 3),
            (glfw.CONTEXT_VERSION_MINOR, 3),
            (glfw.OPENGL_PROFILE, glfw.OPENGL_CORE_PROFILE),
            (glfw.OPENGL_FORWARD_COMPAT, True),  # macOS needs it
            (glfw.AUTO_ICONIFY, False),  # stay full screen when another window is clicked
        ):
            glfw.window_hint(hint, value)
        left, top, *area = room(glfw, monitor)
        smallest = round(_SMALLEST * density(glfw, monitor))
        try:
            handle = glfw.create_window(*first_size(size, area, smallest), title, None, None)
        except glfw.GLFWError as error:
            raise NoWindow(f"No window: {error}") from error
        if not handle:
            raise NoWindow("No window: this display cannot draw with OpenGL 3.3.")
        glfw.make_context_current(handle)
        glfw.swap_interval(int(vsync))
        glfw.set_key_callback(handle, self._on_key)
        glfw.set_cursor_pos_callback(handle, self._on_mouse)
        glfw.set_window_refresh_callback(handle, self._on_refresh)
        if can_position(glfw):
            glfw.set_window_pos(handle, left + area[0] // 20, top + area[1] // 20)
        return handle

    # An error of a callback would escape from poll_events into the display loop.

    def _on_key(self, _: Any, key: int, code: int, action: int, mods: int) -> None:
        glfw = self._glfw
        if action != glfw.PRESS or mods & (glfw.MOD_CONTROL | glfw.MOD_ALT | glfw.MOD_SUPER):
            return
        try:
            self.press(self._named(key, code))
        except Exception as error:
            self._failed(error)
            self._settled()  # reported, and over: the next press may work

    def _on_mouse(self, *_: Any) -> None:
        self._moved = time.monotonic()

    def _on_refresh(self, _: Any) -> None:
        """Draw again while the window is resized: some systems block `write` then."""
        try:
            self._show()
        except Exception as error:
            self._failed(error)

    def _named(self, key: int, code: int) -> str:
        """A key's name by its layout, or by its position if the layout has no such key."""
        glfw = self._glfw
        special = {
            glfw.KEY_ESCAPE: "escape", glfw.KEY_ENTER: "enter", glfw.KEY_KP_ENTER: "enter",
            glfw.KEY_F11: "enter", glfw.KEY_SPACE: " ",
        }  # fmt: skip
        if key in special:
            return special[key]
        if glfw.KEY_0 <= key <= glfw.KEY_9:
            return str(key - glfw.KEY_0)
        if glfw.KEY_KP_0 <= key <= glfw.KEY_KP_9:
            return str(key - glfw.KEY_KP_0)
        name = str(glfw.get_key_name(key, code) or "").lower()
        if name not in {*self._keys, "h"} and glfw.KEY_A <= key <= glfw.KEY_Z:
            return chr(key).lower()  # such as on a Cyrillic keyboard
        return name


def _span(keys: Iterable[str]) -> str:
    names = ["space" if key == " " else key for key in keys]
    return names[0] if len(names) == 1 else f"{names[0]}-{names[-1]}"


def _where(glfw: Any, handle: Any) -> tuple[int, int]:
    left, top = glfw.get_window_pos(handle) if can_position(glfw) else (60, 60)
    return int(left), int(top)
