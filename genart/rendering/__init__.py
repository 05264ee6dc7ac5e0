"""Films from sketches. The package is called rendering because `genart.render` is the function."""

from genart.rendering.film import Film, Report
from genart.rendering.montage import promo
from genart.rendering.renderer import render
from genart.rendering.scenes import parse_scene

__all__ = ["Film", "Report", "parse_scene", "promo", "render"]
