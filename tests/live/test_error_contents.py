"""No error text holds the contents of a file: whoever may name a file must not read it thereby."""

from __future__ import annotations

import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from support.live_parts import Flat, tick

import genart
from genart.checkpoints.read import read_checkpoint
from genart.editing.directions import load_directions
from genart.latents.npz import load_latent
from genart.live.cues import _read
from genart.mapping.mapping_file import read_text
from genart.playback.show import read_show

SECRET = b"Qzxvwjfk:$6$Wvkqzjxg$Pyqvzxwj:Kjqxzvwb\n"
BODIES = {
    "text": SECRET,
    "pickle": b"\x80\x02" + SECRET,
    "pickle with a number": b"\x80\x02F" + SECRET + b".",
    "pickle with an integer": b"\x80\x02I" + SECRET + b".",
    "safetensors": struct.pack("<Q", 64) + (b'{"' + SECRET.strip() + b'":[]}').ljust(64),
    "zip": b"PK\x03\x04" + SECRET,
    "numpy": b"\x93NUMPY\x01\x00" + SECRET,
    "json": b'{"a":"' + SECRET + b'"}',
    "toml": b'a = "x"\n' + SECRET,
}
READERS: dict[str, Callable[[Path], Any]] = {
    "model": read_checkpoint, "latent": load_latent, "cues": _read, "mapping": read_text,
    "show": read_show, "directions": load_directions,
}  # fmt: skip


def leaks(text: str) -> bool:
    """Whether a text holds four characters in a row of the secret, or their hexadecimal form."""
    words = {SECRET[k : k + 4].decode() for k in range(len(SECRET) - 4)}
    words |= {SECRET[k : k + 4].hex(" ") for k in range(len(SECRET) - 4)}
    return any(word in text for word in words)


def said(read: Callable[[Path], Any], path: Path) -> str:
    """What a reader says of a file that it refuses; nothing if it leaves that to a parser."""
    try:
        read(path)
    except genart.GenartError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("reader", READERS)
def test_a_reader_reports_a_file_without_its_contents(
    tmp_path: Path, reader: str, body: str
) -> None:
    path = tmp_path / "file.npz"
    path.write_bytes(BODIES[body])
    assert not leaks(said(READERS[reader], path))


@pytest.mark.slow
@pytest.mark.parametrize("body", BODIES)
def test_a_text_of_the_network_names_a_file_and_learns_nothing_of_it(
    tmp_path: Path, body: str
) -> None:
    """Walks over every Param that takes a text."""
    path = tmp_path / "shadow"
    path.write_bytes(BODIES[body])
    lines: list[str] = []
    live = genart.live.Live(Flat, model="plasma", size=32, tell=lines.append)
    texts = [p for p, x in live.store.tree.items() if isinstance(x.default, str) and not x.choices]
    forms = ("{}", "file:{}", "fast:{}", "cyclegan:{}")
    values = [(p, form.format(path)) for p in texts for form in forms]
    assert "model.name" in texts
    for k, (param, value) in enumerate(values):
        live.store.put(param, value, "web")
        live.player.set(param, value)
        live.loader.fetch()
        for i in range(2):
            live.player._retry = Fraction(0)
            live.player.frame(tick(2 * k + i))
    live.close()
    assert lines
    assert [line for line in lines if leaks(line)] == []
    assert not leaks(str(live.status()))
