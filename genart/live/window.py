"""The window: the picture on a screen, keys, and a help overlay that the public never needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from PIL import Image as Pictures
from PIL import ImageDraw, ImageFont

from genart.contracts import Frame
from genart.errors import GenartError, UsageError
from genart.frames import on_black

_SMALLEST = 512  # pixels a side that a window of a small picture is enlarged to
_VERTEX = """
#version 330
uniform vec2 scale;
in vec2 corner;
out vec2 place;
void main() {
    place = vec2(corner.x, 1.0 - corner.y);
    gl_Position = vec4((corner * 2.0 - 1.0) * scale, 0.0, 1.0);
}
"""
_FRAGMENT = """
#version 330
uniform sampler2D picture;
in vec2 place;
out vec4 colour;
void main() { colour = texture(picture, place); }
"""


class NoWindow(GenartError):
    """A window that cannot be opened here; the picture can go elsewhere."""


@dataclass(frozen=True)
class Key:
    """What a key does.

    Args:
        about: a few words for the help overlay.
        press: does it.
    """

    about: str
    press: Callable[[], Any]


class Window:
    """A sink that shows frames; use it from the main thread only.

    The picture keeps its aspect, with black around it, or fills the window where `fill` is set.
    F11 or Enter changes between window and full screen; Escape leaves full screen, then closes.

    Args:
        title: of the window.
        size: (h, w) of the frames.
        screen: which screen, from 1; None leaves it to the system.
        fullscreen: whether to begin full screen.
        fill: whether to fill the window and crop the picture.
        keys: by letter, what a key does.
        closed: called when somebody closes the window.
        notes: gives lines to show under the help, such as what is wrong.
        failed: told of an error in a key.

    Raises:
        NoWindow: there is no display, or it cannot draw.
        UsageError: no such screen.
    """

    def __init__(
        self,
        title: str,
        size: tuple[int, int],
        *,
        screen: int | None = None,
        fullscreen: bool = False,
        fill: bool = False,
        keys: Mapping[str, Key] | None = None,
        closed: Callable[[], Any] = lambda: None,
        notes: Callable[[], Sequence[str]] = lambda: (),
        failed: Callable[[BaseException], Any] = lambda error: None,
    ) -> None:
        self.name, self.help = "window", False
        self._glfw = _glfw()
        self._keys, self._closed = dict(keys or {}), closed
        self._notes, self._failed = notes, failed
        self._fill = fill
        self._monitor = _monitor(self._glfw, screen)
        self._place = (0, 0, 0, 0)
        self._handle: Any = self._open(title, size)
        self._painter = _Painter()
        if fullscreen:
            self.toggle_fullscreen()

    @property
    def fullscreen(self) -> bool:
        """Whether the window covers its screen."""
        return bool(self._handle and self._glfw.get_window_monitor(self._handle))

    def write(self, frame: Frame) -> None:
        """Show one frame, and see to keys."""
        if self._handle is None:
            return
        glfw = self._glfw
        glfw.make_context_current(self._handle)
        self._painter.paint(
            on_black(frame), glfw.get_framebuffer_size(self._handle), fill=self._fill
        )
        if self.help:
            self._painter.overlay(self.help_lines())
        glfw.swap_buffers(self._handle)
        glfw.poll_events()
        if glfw.window_should_close(self._handle):
            self._closed()

    def close(self) -> None:
        """Close the window."""
        handle, self._handle = self._handle, None
        if handle is not None:
            self._glfw.make_context_current(handle)
            self._painter.release()
            self._glfw.destroy_window(handle)

    def toggle_fullscreen(self) -> None:
        """Change between window and full screen."""
        glfw = self._glfw
        if self.fullscreen:
            glfw.set_window_monitor(self._handle, None, *self._place, 0)
            glfw.set_input_mode(self._handle, glfw.CURSOR, glfw.CURSOR_NORMAL)
            return
        self._place = (*_where(glfw, self._handle), *glfw.get_window_size(self._handle))
        mode = glfw.get_video_mode(self._monitor)
        glfw.set_window_monitor(self._handle, self._monitor, 0, 0, *mode.size, mode.refresh_rate)
        glfw.set_input_mode(self._handle, glfw.CURSOR, glfw.CURSOR_HIDDEN)

    def pixels(self) -> Frame:
        """What the window shows, (h, w, 3): for tests."""
        self._glfw.make_context_current(self._handle)
        return self._painter.pixels()

    def press(self, key: str) -> None:
        """Do what a key does: a letter, "enter" or "escape"."""
        if key == "h":
            self.help = not self.help
        elif key == "enter" or (key == "escape" and self.fullscreen):
            self.toggle_fullscreen()
        elif key == "escape":
            self._closed()
        elif key in self._keys:
            self._keys[key].press()

    def help_lines(self) -> list[str]:
        """What the overlay says."""
        own = [("h", "this help"), ("enter, F11", "full screen"), ("esc", "leave, close")]
        keys = [*((key, each.about) for key, each in self._keys.items()), *own]
        return [*(f"{key}: {about}" for key, about in keys), *self._notes()]

    def _open(self, title: str, size: tuple[int, int]) -> Any:
        glfw = self._glfw
        glfw.default_window_hints()
        for hint, value in (
            (glfw.CONTEXT_VERSION_MAJOR, 3),
            (glfw.CONTEXT_VERSION_MINOR, 3),
            (glfw.OPENGL_PROFILE, glfw.OPENGL_CORE_PROFILE),
            (glfw.OPENGL_FORWARD_COMPAT, True),  # macOS wants it
            (glfw.AUTO_ICONIFY, False),  # stay full screen when another window is clicked
        ):
            glfw.window_hint(hint, value)
        times = max(1, -(-_SMALLEST // min(size)))
        width, height = size[1] * times, size[0] * times
        try:
            handle = glfw.create_window(width, height, title, None, None)
        except glfw.GLFWError as error:
            raise NoWindow(f"No window: {error}") from error
        if not handle:
            raise NoWindow("No window: this display cannot draw with OpenGL 3.3.")
        glfw.make_context_current(handle)
        glfw.swap_interval(1)
        glfw.set_key_callback(handle, self._on_key)
        left, top = glfw.get_monitor_pos(self._monitor)
        if _can_place(glfw):
            glfw.set_window_pos(handle, left + 60, top + 60)
        return handle

    def _on_key(self, _: Any, key: int, code: int, action: int, mods: int) -> None:
        glfw = self._glfw
        if action != glfw.PRESS:
            return
        special = {
            glfw.KEY_ESCAPE: "escape", glfw.KEY_ENTER: "enter", glfw.KEY_F11: "enter",
            glfw.KEY_SPACE: " ",
        }  # fmt: skip
        try:
            self.press(special.get(key) or glfw.get_key_name(key, code) or "")
        except Exception as error:  # it would escape from poll_events into the picture
            self._failed(error)


class _Painter:
    """Draws pictures with OpenGL in the current context."""

    def __init__(self) -> None:
        import moderngl

        self._gl: Any = moderngl.create_context()
        self._program: Any = self._gl.program(vertex_shader=_VERTEX, fragment_shader=_FRAGMENT)
        corners = np.array([0, 0, 1, 0, 0, 1, 1, 1], "f4")
        self._corners: Any = self._gl.buffer(corners.tobytes())
        self._quad: Any = self._gl.vertex_array(self._program, [(self._corners, "2f", "corner")])
        self._strip = moderngl.TRIANGLE_STRIP
        self._blend = moderngl.BLEND
        self._textures: dict[str, Any] = {}
        self._shown: Frame | None = None
        self._said: list[str] | None = None
        self._view = (1, 1)

    def paint(self, frame: Frame, view: tuple[int, int], *, fill: bool) -> None:
        """Draw a frame into a view of (width, height) pixels, with black around it."""
        self._view = view = (max(view[0], 1), max(view[1], 1))
        self._gl.viewport = (0, 0, *view)
        self._gl.clear(0.0, 0.0, 0.0)
        if frame is not self._shown:
            self._load("frame", frame)
            self._shown = frame
        self._draw("frame", fitted((frame.shape[1], frame.shape[0]), view, fill=fill))

    def overlay(self, lines: list[str]) -> None:
        """Draw lines of text over what was painted."""
        if lines != self._said:
            self._load("text", written(lines))
            self._said = lines
        texture = self._textures["text"]
        self._gl.viewport = (12, max(self._view[1] - texture.height - 12, 0), *texture.size)
        self._gl.enable(self._blend)
        self._draw("text", (1.0, 1.0))
        self._gl.disable(self._blend)

    def pixels(self) -> Frame:
        """What was drawn, (h, w, 3)."""
        width, height = self._view
        read = self._gl.screen.read(viewport=(0, 0, width, height), components=3, alignment=1)
        return np.frombuffer(read, np.uint8).reshape(height, width, 3)[::-1]

    def release(self) -> None:
        """Give everything back."""
        textures = self._textures.values()
        for each in (*textures, self._quad, self._corners, self._program, self._gl):
            each.release()

    def _load(self, name: str, pixels: Frame) -> None:
        height, width, depth = pixels.shape
        texture = self._textures.get(name)
        if texture is None or (texture.size, texture.components) != ((width, height), depth):
            if texture is not None:
                texture.release()
            texture = self._gl.texture((width, height), depth, alignment=1)
            texture.repeat_x = texture.repeat_y = False
            self._textures[name] = texture
        texture.write(np.ascontiguousarray(pixels))

    def _draw(self, name: str, scale: tuple[float, float]) -> None:
        self._textures[name].use(0)
        self._program["scale"].value = scale
        self._quad.render(self._strip)


def fitted(
    picture: tuple[int, int], view: tuple[int, int], *, fill: bool = False
) -> tuple[float, float]:
    """The share of a view's width and height that a picture takes, keeping its aspect.

    Args:
        picture: (width, height).
        view: (width, height).
        fill: whether the picture covers the view and is cut, instead of lying whole within it.
    """
    across, down = view[0] / picture[0], view[1] / picture[1]
    scale = max(across, down) if fill else min(across, down)
    return scale / across, scale / down


def written(lines: Sequence[str]) -> Frame:
    """Lines of text on a dark plate, (h, w, 4)."""
    font, text = ImageFont.load_default(18), "\n".join(lines)
    box = ImageDraw.Draw(Pictures.new("RGBA", (1, 1))).multiline_textbbox((0, 0), text, font)
    plate = Pictures.new("RGBA", (int(box[2]) + 28, int(box[3]) + 28), (0, 0, 0, 190))
    ImageDraw.Draw(plate).multiline_text((14, 12), text, (240, 236, 228, 255), font)
    return np.asarray(plate)


def _glfw() -> Any:
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


def _monitor(glfw: Any, screen: int | None) -> Any:
    monitors = glfw.get_monitors()
    if not monitors:
        raise NoWindow("No window: there is no screen.")
    if screen is None:
        return glfw.get_primary_monitor()
    if not 1 <= screen <= len(monitors):
        named = ", ".join(
            f"{k} ({_text(glfw.get_monitor_name(each))})" for k, each in enumerate(monitors, 1)
        )
        raise UsageError(f"There is no screen {screen}; there are {named}.")
    return monitors[screen - 1]


def _text(name: Any) -> str:
    return name.decode(errors="replace") if isinstance(name, bytes) else str(name)


def _can_place(glfw: Any) -> bool:
    return not hasattr(glfw, "PLATFORM_WAYLAND") or glfw.get_platform() != glfw.PLATFORM_WAYLAND


def _where(glfw: Any, handle: Any) -> tuple[int, int]:
    left, top = glfw.get_window_pos(handle) if _can_place(glfw) else (60, 60)
    return int(left), int(top)
