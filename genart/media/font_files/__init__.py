"""Bundled fonts, see README.md here; `genart.media.text_drawing` reads them."""
