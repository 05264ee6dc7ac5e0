"""Make the image of docs/audio.md again: `python docs/scripts/audio_image.py [MODEL]`.

Four bars of a small band, what is heard in it, and what the sketch `trio` makes of that.
"""

from __future__ import annotations

import re
import sys
import tempfile
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

import genart

HERE = Path(__file__).parents[1]
RATE, SECONDS, BPM = 48_000, 8.0, 120
SHOWN = (4.0, 8.0)  # seconds: by then the tempo is known
FRAMES, SIDE, HEIGHT = 12, 88, 40  # images in the strip; pixels of each, and of a curve
CURVES = ("bass", "mid", "air", "onset", "beat", "phase")


def main(model: str = "pomona") -> None:
    """The curves above the frames."""
    with tempfile.TemporaryDirectory() as folder:
        sound, mapping = Path(folder) / "band.wav", Path(folder) / "trio.toml"
        save(sound, band())
        mapping.write_text(
            re.findall(r"```toml\n(.*?)```", (HERE / "audio.md").read_text(), re.S)[0]
        )
        track = genart.registry("control").create("audio", source=sound, seconds=SECONDS)
        heard = list(track.heard(SECONDS))
        track.close()
        sink = genart.MemorySink()
        genart.render(
            "trio", sink, model=model, seconds=SECONDS, fps=FRAMES / 4, size=SIDE,
            audio=sound, mapping=mapping,
        )  # fmt: skip
    strip = np.hstack(sink.frames[-FRAMES:])
    image = Image.new("RGB", (strip.shape[1], SIDE + HEIGHT * len(CURVES)), "white")
    for row, name in enumerate(CURVES):
        curve(image, row * HEIGHT, name, [(t, x) for t, what, x in heard if what == name])
    image.paste(Image.fromarray(strip), (0, HEIGHT * len(CURVES)))
    image.save(HERE / "images" / "audio.png", optimize=True)


def curve(image: Image.Image, top: int, name: str, points: list[tuple[float, float]]) -> None:
    """One feature over time, filled from below."""
    draw = ImageDraw.Draw(image)
    times, values = np.array(points).T
    for x in range(image.width):
        t = SHOWN[0] + (SHOWN[1] - SHOWN[0]) * x / image.width
        value = float(values[max(int(np.searchsorted(times, t, side="right")) - 1, 0)])
        base = top + HEIGHT - 4
        draw.line([(x, base), (x, base - round(value * (HEIGHT - 8)))], fill="#4878a8")
    draw.text((4, top + 2), name, fill="black")


def band() -> NDArray[np.float64]:
    """Kick, snare, hats and a bass line."""
    random, beat = np.random.default_rng(1), 60 / BPM
    at = np.arange(RATE // 4) / RATE
    hiss = random.standard_normal(len(at))
    kick = np.sin(2 * np.pi * (50 * at - 3.6 * np.exp(-at / 0.03))) * np.exp(-at / 0.09)
    snare, hat = 0.4 * hiss * np.exp(-at / 0.05), 0.1 * np.diff(hiss, prepend=0)
    sound = np.zeros(round(SECONDS * RATE) + len(at))
    for count, time in enumerate(np.arange(0, SECONDS, beat)):
        bass = 0.25 * np.sin(2 * np.pi * (98.0, 131.0)[count // 4 % 2] * at) * np.exp(-at / 0.1)
        parts = [
            (0, 0.8 * kick),
            (0, count % 2 * snare),
            (0.5, bass),
            (0.5, 0.8 * kick * (count % 8 == 5)),
        ]
        for place, part in [
            *parts,
            (0, hat * np.exp(-at / 0.015)),
            (0.5, hat * np.exp(-at / 0.04)),
        ]:
            start = round((time + place * beat) * RATE)
            sound[start : start + len(at)] += part[: len(sound) - start]
    return np.tanh(sound[: round(SECONDS * RATE)])


def save(path: Path, sound: NDArray[np.float64]) -> None:
    """A WAV of 16 bits."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((sound * 32767).astype("<i2").tobytes())


if __name__ == "__main__":
    main(*sys.argv[1:])
