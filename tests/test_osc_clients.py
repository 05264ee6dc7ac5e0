"""A program in another language moves a Param, plays a cue and reads a value back."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator

import pytest

from genart.live.control import OscControl
from genart.live.store import Store
from genart.stage import Stage

NODE = """
const dgram = require('dgram');
const [host, port] = [process.argv[1], Number(process.argv[2])];
const text = s => { const b = Buffer.alloc((s.length >> 2) * 4 + 4); b.write(s); return b; };
const float = x => { const b = Buffer.alloc(4); b.writeFloatBE(x); return b; };
const message = (address, tags, ...args) =>
  Buffer.concat([text(address), text(',' + tags), ...args]);
const size = e => { const b = Buffer.alloc(4); b.writeInt32BE(e.length); return b; };
const bundle = (...elements) => Buffer.concat([text('#bundle'), Buffer.from([0,0,0,0,0,0,0,1]),
  ...elements.flatMap(e => [size(e), e])]);
const socket = dgram.createSocket('udp4');
socket.on('message', m => { console.log(m.readFloatBE(m.length - 4)); socket.close(); });
const packets = [
  message('/genart/cue/save', 's', text('start')),
  bundle(message('/genart/model/truncation', 'f', float(0.25)),
         message('/genart/tempo/bpm', 'f', float(90))),
  message('/genart/cue/save', 's', text('slow')),
  message('/genart/cue/recall', 's', text('start')),
  message('/genart/cue/recall', 's', text('slow')),
  message('/genart/model/truncation', 's', text('?')),
];
const next = () => packets.length && socket.send(packets.shift(), port, host, next);
next();
"""


@pytest.fixture
def control() -> Iterator[OscControl]:
    made = OscControl(Store(Stage().tree()), port=0)
    made.start()
    yield made
    made.close()


def run(*words: object) -> str:
    done = subprocess.run(
        list(map(str, words)), capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(not shutil.which("node"), reason="Node is not installed")
def test_node_plays(control: OscControl) -> None:
    assert run("node", "-e", NODE, *control.address).strip() == "0.25"
    assert control.store.current("tempo.bpm") == 90.0
    assert control.cues.names == ["start", "slow"]
    assert control.store.rejected == 0
