"""Media: images, frames, video files, sinks, and the recipe stored in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genart.lazy_names import lazy_names

if TYPE_CHECKING:
    from genart.files import atomic, check_writable
    from genart.media.film_probe import FilmFacts, SoundTrack, probe_film, probe_sound
    from genart.media.film_spec import Size
    from genart.media.frames import image_on_black, on_black
    from genart.media.images import AnyImage
    from genart.media.metadata import read_recipe, recipe_text, write_recipe
    from genart.media.video import Footage
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "genart.media.film_probe": "FilmFacts SoundTrack probe_film probe_sound",
            "genart.media.film_spec": "Size",
            "genart.media.images": "AnyImage",
            "genart.files": "atomic check_writable",
            "genart.media.frames": "image_on_black on_black",
            "genart.media.metadata": "read_recipe recipe_text write_recipe",
            "genart.media.video": "Footage",
        },
    )

__all__ = [
    "AnyImage",
    "FilmFacts",
    "Footage",
    "Size",
    "SoundTrack",
    "atomic",
    "check_writable",
    "image_on_black",
    "on_black",
    "probe_film",
    "probe_sound",
    "read_recipe",
    "recipe_text",
    "write_recipe",
]
