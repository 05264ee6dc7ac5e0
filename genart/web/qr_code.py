"""QR codes, from which a phone opens the page."""

from __future__ import annotations

import io

import segno


def qr_svg(text: str) -> bytes:
    """A QR code as an SVG image, dark on white."""
    made = io.BytesIO()
    segno.make(text, micro=False, error="m").save(
        made, kind="svg", border=3, light="#fff", dark="#0c0c0d", scale=8, svgclass=None,
        lineclass=None, omitsize=True,
    )  # fmt: skip
    return made.getvalue()


def qr_text(text: str) -> str:
    """A QR code in characters, for a terminal."""
    made = io.StringIO()
    segno.make(text, micro=False, error="l").terminal(out=made, border=2, compact=True)
    return made.getvalue().rstrip("\n")
