"""Settings of the stylizers that repaint a picture."""

from __future__ import annotations

from collections.abc import Iterable

from genart.params import Param


def _styles() -> Iterable[str]:
    """What stylizers offer to be named after their colon."""
    from genart.plugins import registry

    for name, entry in registry("stylizer").items():
        if entry.spec.offers is not None:
            yield from (f"{name}:{each}" for each in entry.spec.offers())


class StyleSettings:
    """What is painted over the picture; the chain's stylizers bring Params of their own."""

    chain = Param(
        "", suggest=_styles, help='Stylizers: fast:wave, or several, "fast:wave + cyclegan:x.pth".'
    )
    amount = Param(1.0, 0.0, 1.0, help="How much of the painting is seen; 0 shows the picture.")
    size = Param(
        0, 0, 8192, unit="px", help="The shorter side it is painted at; 0 is that of the film."
    )
