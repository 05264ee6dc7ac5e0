"""The CycleGAN dataset: `python docs/scripts/fruit_dataset.py PHOTOS.zip POMOLOGICAL.zip OUT`.

Writes OUT/trainA (photographs), OUT/trainB (watercolours) and OUT/keptA, OUT/keptB, which no
training sees. A watercolour is cut around its uppermost whole fruit, where that stands alone.
"""

from __future__ import annotations

import csv
import io
import sys
import zipfile
from pathlib import Path

import cv2
import numpy as np

SIDE = 128
#: Varieties of the photographs that no training sees, and those left out (false colours, clusters).
KEPT = ("Apple Red 2", "Clementine", "Lemon Meyer", "Limes", "Nectarine", "Pear Williams")
LEFT_OUT = ("Raspberry", "Mulberry", "Avocado", "Strawberry Wedge")
FRUITS = ("apple", "peach", "pear", "plum", "strawberry", "orange", "grapefruit", "cherry",
          "lemon", "mango", "persimmon", "avocado")  # fmt: skip
#: At most so many of a fruit and hue, because two thirds of the watercolours are red apples.
MOST = 200
MARGINS = (1.45, 1.35, 1.25, 1.18, 1.12)
_FAR = 34  # in CIELAB from the paper
_OTHERS = 0.008  # at most this share of a cut belongs to something else
_RED = 14  # OpenCV's hue, 0..179


def main(photos: str, paintings: str, out: str) -> None:
    """Write the four folders."""
    rng = np.random.default_rng(0)
    for name in ("trainA", "trainB", "keptA", "keptB"):
        Path(out, name).mkdir(parents=True)
    with zipfile.ZipFile(photos) as file:
        write_photos(file, Path(out), rng)
    with zipfile.ZipFile(paintings) as file:
        write_paintings(file, Path(out), rng)


def write_photos(file: zipfile.ZipFile, out: Path, rng: np.random.Generator) -> None:
    """Every second photograph, with a margin of white."""
    names = sorted(name for name in file.namelist() if name.endswith(".jpg"))
    for name in names[::2]:
        variety = Path(name).parent.name
        if variety in LEFT_OUT:
            continue
        picture = opened(file, name)
        extra = int(picture.shape[0] * (rng.choice(MARGINS) - 1) / 2)
        framed = cv2.copyMakeBorder(
            picture, *[extra] * 4, cv2.BORDER_CONSTANT, value=(255, 255, 255)
        )
        folder = out / ("keptA" if variety in KEPT else "trainA")
        write(folder / f"{variety}-{Path(name).stem}.png", framed)


def write_paintings(file: zipfile.ZipFile, out: Path, rng: np.random.Generator) -> None:
    """Cut watercolours, at most MOST of a fruit and hue, every 25th kept aside."""
    found: dict[tuple[str, bool], list[tuple[str, np.ndarray]]] = {}
    for row in csv.DictReader(io.TextIOWrapper(file.open("metadata.csv"), "utf-8")):
        if row["fruit"] in FRUITS and (cut := alone(opened(file, row["file"]))) is not None:
            found.setdefault((row["fruit"], red(cut)), []).append((Path(row["file"]).stem, cut))
    for (fruit, _), cuts in sorted(found.items()):
        for number, place in enumerate(rng.permutation(len(cuts))[:MOST]):
            name, cut = cuts[place]
            write(out / ("keptB" if number % 25 == 24 else "trainB") / f"{fruit}-{name}.png", cut)


def alone(picture: np.ndarray) -> np.ndarray | None:
    """A square around the uppermost fruit; None if it is cut open, touches another or is small."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(painted(picture))
    large = [i for i in range(1, len(stats)) if stats[i, cv2.CC_STAT_AREA] > 900]
    if not large:
        return None
    which = min(large, key=lambda i: stats[i, cv2.CC_STAT_TOP])
    x, y, w, h, area = (int(v) for v in stats[which])
    height, width = picture.shape[:2]
    whole = area / (w * h) > 0.66 and 0.68 < w / h < 1.6 and min(w, h) >= 40
    inside = x > 1 and y > 0 and x + w < width - 1 and y + h < height - 2
    if not (whole and inside) or pale(picture[labels == which]) > 0.3:
        return None
    for margin in MARGINS:
        side = round(max(w, h) * margin)
        left = min(max(x + w // 2 - side // 2, 0), width - side)
        top = min(max(y + h // 2 - side // 2, 0), height - side)
        cut = np.s_[top : top + side, left : left + side]
        around = left < x and top < y and left + side > x + w and top + side > y + h
        others = np.isin(labels[cut], (0, which), invert=True).mean()
        if side <= min(width, height) and around and others < _OTHERS:
            return picture[cut]
    return None


def painted(picture: np.ndarray) -> np.ndarray:
    """1 where an image is far from its paper, the median of its lighter parts."""
    lab = cv2.cvtColor(picture, cv2.COLOR_BGR2LAB).astype(np.float32)
    light = lab[..., 0]
    paper = np.median(lab[light > np.percentile(light, 60)], axis=0)
    far = np.linalg.norm((lab - paper) * (0.8, 1, 1), axis=2) > _FAR
    return cv2.morphologyEx(far.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))


def pale(colours: np.ndarray) -> float:
    """The share of pale ones among (n, 3) colours: a cut face has many."""
    hsv = cv2.cvtColor(colours[:, None], cv2.COLOR_BGR2HSV)[:, 0]
    return float(((hsv[:, 1] < 110) & (hsv[:, 2] > 170)).mean())


def red(picture: np.ndarray) -> bool:
    """Whether what is painted is mostly red."""
    hue = cv2.cvtColor(picture[painted(picture) > 0][:, None], cv2.COLOR_BGR2HSV)[..., 0]
    return bool(np.median(np.minimum(hue, 179 - hue)) < _RED)


def opened(file: zipfile.ZipFile, name: str) -> np.ndarray:
    """An image of a zip, uint8 (h, w, 3), blue first as OpenCV has it."""
    return cv2.imdecode(np.frombuffer(file.read(name), np.uint8), cv2.IMREAD_COLOR)


def write(path: Path, picture: np.ndarray) -> None:
    """Write an image as SIDE pixels square."""
    cv2.imwrite(str(path), cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC))


if __name__ == "__main__":
    main(*sys.argv[1:])
