"""GlRenderer: draws frames and a text overlay with OpenGL 3.3."""

from __future__ import annotations

from typing import Any

import numpy as np

from genart.contracts import Frame

_VERTEX = """
#version 330
uniform vec2 scale;
in vec2 corner;
out vec2 position;
void main() {
    position = vec2(corner.x, 1.0 - corner.y);
    gl_Position = vec4((corner * 2.0 - 1.0) * scale, 0.0, 1.0);
}
"""
_FRAGMENT = """
#version 330
uniform sampler2D image;
in vec2 position;
out vec4 colour;
void main() { colour = texture(image, position); }
"""


class GlRenderer:
    """Draws in the OpenGL context that is current when it is made, and only there."""

    def __init__(self) -> None:
        import moderngl

        self._gl: Any = moderngl.create_context()
        self._program: Any = self._gl.program(vertex_shader=_VERTEX, fragment_shader=_FRAGMENT)
        corners = np.array([0, 0, 1, 0, 0, 1, 1, 1], "f4")
        self._corners: Any = self._gl.buffer(corners.tobytes())
        self._quad: Any = self._gl.vertex_array(self._program, [(self._corners, "2f", "corner")])
        self._strip, self._blend = moderngl.TRIANGLE_STRIP, moderngl.BLEND
        self._textures: dict[str, Any] = {}
        self._loaded: dict[str, Frame] = {}
        self._view = (1, 1)

    def paint(self, frame: Frame, view: tuple[int, int], *, fill: bool) -> None:
        """Draw a frame, (h, w, 3), into a view of (width, height) pixels, with black around it."""
        self._view = view = (max(view[0], 1), max(view[1], 1))
        self._gl.viewport = (0, 0, *view)
        self._gl.clear(0.0, 0.0, 0.0)
        self._draw("frame", frame, fitted((frame.shape[1], frame.shape[0]), view, fill=fill))

    def overlay(self, plate: Frame) -> None:
        """Draw an overlay, (h, w, 4), over the frame, at the top left."""
        height, width = plate.shape[:2]
        self._gl.viewport = (0, self._view[1] - height, width, height)
        self._gl.enable(self._blend)
        self._draw("plate", plate, (1.0, 1.0))
        self._gl.disable(self._blend)

    def pixels(self) -> Frame:
        """What is drawn, (h, w, 3)."""
        width, height = self._view
        read = self._gl.screen.read(viewport=(0, 0, width, height), components=3, alignment=1)
        return np.frombuffer(read, np.uint8).reshape(height, width, 3)[::-1]

    def release(self) -> None:
        """Free everything."""
        textures = self._textures.values()
        for each in (*textures, self._quad, self._corners, self._program, self._gl):
            each.release()

    def _draw(self, name: str, pixels: Frame, scale: tuple[float, float]) -> None:
        if pixels is not self._loaded.get(name):
            self._load(name, pixels)
            self._loaded[name] = pixels
        self._textures[name].use(0)
        self._program["scale"].value = scale
        self._quad.render(self._strip)

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


def fitted(
    picture: tuple[int, int], view: tuple[int, int], *, fill: bool = False
) -> tuple[float, float]:
    """The share of a view's width and height that an image covers, keeping its aspect.

    Args:
        picture: (width, height).
        view: (width, height).
        fill: whether the image covers the view and is cropped, instead of being shown whole.
    """
    across, down = view[0] / picture[0], view[1] / picture[1]
    scale = max(across, down) if fill else min(across, down)
    return scale / across, scale / down
