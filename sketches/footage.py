"""A film or a camera, mixed with the walk, for stylizers."""

import genart


class Over(genart.Sketch):
    """Footage over a walk: set `sketch.source` first."""

    defaults = {"walk.kind": "cubic", "walk.seeds": "1-6"}
    source = genart.Param("", help="A film file, camera, or camera:NAME; empty shows the walk.")
    mix = genart.Param(1.0, 0.0, 1.0, help="Share of the footage; 0 shows the walk.")

    _open: genart.media.Footage | None = None

    def draw(self, t: float, dt: float) -> genart.Image | genart.Frame:
        """The footage, the walk, or both."""
        footage = self._footage()
        if footage is None or self.mix == 0:
            return self.paint(self.walk(self.phase))
        frame = footage.frame(t)
        if self.mix == 1:
            return frame
        walk = genart.to_frames(self.paint(self.walk(self.phase)), self.size)[0]
        return (walk + self.mix * (frame.astype(float) - walk)).round().astype(frame.dtype)

    def _footage(self) -> genart.media.Footage | None:
        if self._open is not None and self._open.source != self.source:
            self._open.close()
            self._open = None
        if self._open is None and self.source:
            self._open = genart.media.Footage(self.source, self.size)
        return self._open
