"""A million bad packets at a playing performance: `python benchmarks/osc_fuzz.py`.

`genart live` plays a sketch of plasma; packets go to its real UDP socket, over TCP in both framings
and through the WebSocket, in windows of fifty. After each window a good message turns a Param over
the same line and must read back. Packets that are OSC and turn what the picture is made of are left
out, by a reader of their own. It fails at the first window that is not answered, at such a Param
that was turned all the same, at any fault of the performance, and at a death. The same seed sends
the same packets; `--first N` begins with packet N. Ctrl-C or a kill ends it early.
"""

from __future__ import annotations

import argparse
import json
import re
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from support.osc_garbage import Garbage, may_turn, message, text

WINDOW = 50
FASTEST = 8_000  # packets a second; genart takes 10,000 of one host
PATIENCE, ATTEMPTS = 3.0, 5
SKETCH = '''
import genart

class Fuzzed(genart.Sketch):
    """Its own Params are what the packets aim at; the picture is made of none of them."""

    defaults = {"walk.kind": "cubic", "walk.seeds": "1-6", "model.truncation": 0.8}
    probe = genart.Param(0.5, 0.0, 1.0, smooth=0)
    level = genart.Param(0.5, 0.0, 1.0)
    depth = genart.Param(1.0, 0.01, 100.0, curve="log")
    count = genart.Param(3, 0, 9)
    on = genart.Param(False)
    look = genart.Param("calm", choices=("calm", "wild"))
    note = genart.Param("")

    def draw(self, t, dt):
        return self.paint(self.walk(self.phase))
'''
#: Owners whose Params make the picture; no packet is addressed to them on purpose.
GUARDED = ("walk", "model", "output", "transport")
PROBE = "/genart/sketch/probe"
COUNTS = ("received", "rejected", "late", "limited")


class Failure(Exception):
    """What must not happen."""


class Performance:
    """`genart live` in a process of its own."""

    def __init__(self, folder: Path, size: int) -> None:
        sketch, self.show = folder / "fuzzed.py", folder / "show.jsonl"
        sketch.write_text(SKETCH)
        command = [
            sys.executable, "-m", "genart", "live", str(sketch), "--model", "plasma", "--json",
            "--size", str(size), "--headless", "--osc", "127.0.0.1:0", "--web", "127.0.0.1:0",
            "--cues", str(folder / "cues.json"), "--record-show", str(self.show),
        ]  # fmt: skip
        self._log = (folder / "log.txt").open("w+")
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=self._log, text=True, cwd=folder,
            start_new_session=True,
        )  # fmt: skip
        try:
            self.osc, self.web = self._told("osc "), self._told("page http://")
        except BaseException:
            self.kill()
            raise

    def _told(self, before: str) -> tuple[str, int]:
        for _ in range(600):
            found = re.search(rf"^{before}([\d.]+):(\d+)", self.log, re.MULTILINE)
            if found:
                return found[1], int(found[2])
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise Failure(f"The performance did not start: {self.log}")

    @property
    def log(self) -> str:
        """What it said so far."""
        return Path(self._log.name).read_text()

    def tree(self, path: str = "") -> dict[str, Any]:
        """A part of its OSCQuery tree."""
        with urllib.request.urlopen("http://{}:{}/{}".format(*self.web, path), timeout=30) as body:
            found: dict[str, Any] = json.load(body)
        return found

    def memory(self) -> dict[str, float]:
        """Resident memory in MB, and what of it is no file's."""
        text = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        kb = {name: int(many) for name, many in re.findall(r"^(\w+):\s+(\d+) kB", text, re.M)}
        return {name: round(kb[name] / 1024, 1) for name in ("Rss", "Anonymous")}

    def lost(self) -> int:
        """Datagrams that the system dropped before they were read."""
        rows = [line.split() for line in Path("/proc/net/udp").read_text().splitlines()]
        return sum(int(row[-1]) for row in rows if row[1].endswith(f":{self.osc[1]:04X}"))

    def kill(self) -> None:
        """End it if it still runs."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()

    def end(self) -> dict[str, Any]:
        """Stop it; returns its report."""
        self.process.send_signal(signal.SIGINT)
        out, _ = self.process.communicate(timeout=60)
        if self.process.returncode:
            raise Failure(f"It ended with {self.process.returncode}: {self.log[-2000:]}")
        report: dict[str, Any] = json.loads(out)
        return report


class Udp:
    """Packets from one socket, probes from another."""

    def __init__(self, performance: Performance) -> None:
        self._socket, self._probes = (socket.socket(type=socket.SOCK_DGRAM) for _ in range(2))
        for each in (self._socket, self._probes):
            each.connect(performance.osc)
        self._socket.setblocking(False)
        self._probes.settimeout(PATIENCE)

    def send(self, packet: bytes, chance: Random) -> None:
        """Send one packet."""
        self._socket.send(packet)

    def probe(self, packets: list[bytes], wanted: bytes) -> None:
        """Send good packets and wait for an answer; TimeoutError if it does not come."""
        with suppress(BlockingIOError):
            while True:
                self._socket.recv(65_536)
        for packet in packets:
            self._probes.send(packet)
        while wanted not in self._probes.recv(65_536):
            pass


class Tcp:
    """Packets in one of the two framings, now and then with broken framing."""

    def __init__(self, performance: Performance, framing: str) -> None:
        self._where, self._framing = performance.osc, framing
        self._socket = self._open()

    def _open(self) -> socket.socket:
        made = socket.create_connection(self._where, PATIENCE)
        made.sendall(self._framed(message("/genart/status/fps", "s", text("?"))))
        return made

    def _framed(self, packet: bytes) -> bytes:
        if self._framing == "prefixed":
            return struct.pack(">i", len(packet)) + packet
        return (
            b"\xc0" + packet.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc") + b"\xc0"
        )

    def send(self, packet: bytes, chance: Random) -> None:
        """Send one packet, or in one of a hundred cases its bytes as they are."""
        broken = chance.random() < 0.01
        with suppress(ConnectionError):
            self._socket.sendall(packet if broken else self._framed(packet))
            if not broken:
                return self._drain()
        self._socket.close()
        self._socket = self._open()

    def _drain(self) -> None:
        self._socket.settimeout(0)
        with suppress(BlockingIOError):
            while self._socket.recv(1 << 20):
                pass
        self._socket.settimeout(PATIENCE)

    def probe(self, packets: list[bytes], wanted: bytes) -> None:
        """Send good packets and wait for an answer."""
        try:
            self._asked(packets, wanted)
        except ConnectionError:
            self._socket.close()
            self._socket = self._open()
            self._asked(packets, wanted)

    def _asked(self, packets: list[bytes], wanted: bytes) -> None:
        self._socket.sendall(b"".join(map(self._framed, packets)))
        held, wanted = b"", self._framed(wanted).strip(b"\xc0")
        until = time.monotonic() + PATIENCE
        while wanted not in held:
            more = self._socket.recv(1 << 20)
            if not more:
                raise ConnectionResetError
            held = held[-1000:] + more
            if time.monotonic() > until:
                raise TimeoutError


class Web:
    """Binary frames of the WebSocket, and now and then text."""

    def __init__(self, performance: Performance) -> None:
        self._url = "ws://{}:{}/".format(*performance.web)
        self._socket = self._open()

    def _open(self) -> ClientConnection:
        return connect(self._url, proxy=None, max_size=None, close_timeout=1).__enter__()

    def send(self, packet: bytes, chance: Random) -> None:
        """Send one frame."""
        try:
            wish = packet.decode("latin-1") if chance.random() < 0.05 else packet
            self._socket.send(wish)
        except ConnectionClosed:
            self._socket = self._open()

    def probe(self, packets: list[bytes], wanted: bytes) -> None:
        """Send good packets and wait for an answer."""
        try:
            self._asked(packets, wanted)
        except ConnectionClosed:
            self._socket = self._open()
            self._asked(packets, wanted)

    def _asked(self, packets: list[bytes], wanted: bytes) -> None:
        for packet in packets:
            self._socket.send(packet)
        while self._socket.recv(PATIENCE) != wanted:
            pass


class Attack:
    """Sends windows of packets, and watches."""

    def __init__(self, performance: Performance, seed: int) -> None:
        self.performance, self.seed = performance, seed
        self.values = self._values()
        self.guarded = [a for a in self.values if _owner(a) in GUARDED]
        self._turning = [*self.guarded, *(f"{a}/norm" for a in self.guarded)]
        self.garbage = Garbage(seed, self._aims())
        self.lines = {
            "udp": Udp(performance), "slip": Tcp(performance, "slip"),
            "prefixed": Tcp(performance, "prefixed"), "web": Web(performance),
        }  # fmt: skip
        self.sent = dict.fromkeys(self.lines, 0)
        self.waits: list[float] = []
        self.left_out = 0  # packets that a guarded Param would rightly follow

    def _aims(self) -> list[str]:
        own = [a for a in self.values if _owner(a) in ("sketch", "tempo") and a != PROBE]
        once = ("tempo/tap", "tempo/nudge", "cue/save", "cue/recall", "cue/next", "cue/recall/x")
        told = ("status/fps", "status/errors", "nothing", "sketch/nothing", "record/stop")
        return [*own, *(f"{a}/norm" for a in own), *(f"/genart/{n}" for n in once + told), "/1/x"]

    def _values(self) -> dict[str, Any]:
        def walk(node: dict[str, Any]) -> Iterator[tuple[str, Any]]:
            if node.get("ACCESS") == 3:
                yield node["FULL_PATH"], node["VALUE"]
            for inner in (node.get("CONTENTS") or {}).values():
                yield from walk(inner)

        return dict(walk(self.performance.tree()))

    def window(self, first: int, many: int) -> None:
        """Send packets from a number on, over one line, and a probe after them."""
        number = first // WINDOW
        share = Random(self.seed * 7 + number)
        name = share.choices(list(self.lines), (85, 7, 7, 1))[0]
        line: Any = self.lines[name]
        for packet_number in range(first, first + many):
            packet = self.garbage.packet(packet_number, time.time())
            if may_turn(packet, self._turning):
                self.left_out += 1
            else:
                line.send(packet, share)
        self.sent[name] += many
        self._probe(line, name, first, many, struct.pack(">f", number % 997 / 997))

    def _probe(self, line: Any, name: str, first: int, many: int, value: bytes) -> None:
        began = time.perf_counter()
        good = [message(PROBE, "f", value), message(PROBE, "s", text("?"))]
        for left in reversed(range(ATTEMPTS)):  # a cue may rightly come in between
            try:
                line.probe(good, message(PROBE, "f", value))
                break
            except (OSError, TimeoutError) as error:
                if left:
                    continue
                alive = self.performance.process.poll() is None
                raise Failure(
                    f"Not answered over {name} after packets {first}..{first + many - 1} of seed "
                    f"{self.seed} ({type(error).__name__}; alive: {alive}). {self.performance.log}"
                ) from error
        self.waits.append(time.perf_counter() - began)

    def look(self) -> None:
        """Hold the guarded Params to what they were."""
        now = self._values()
        for address in self.guarded:
            moves = address == "/genart/transport/phase"
            if now[address] != self.values[address] and not moves:
                raise Failure(f"{address} was turned to {now[address]} by no packet.")


def _owner(address: str) -> str:
    return address.split("/")[2]


def recorded(show: Path, made: Attack) -> int:
    """Count the events of a show; Failure if one turned what no packet reached."""
    with show.open(encoding="utf-8") as lines:  # a text may hold what splitlines takes for an end
        events = [json.loads(line) for line in lines][1:]
    for event in events:
        address, value = event["address"], event["args"][:1]
        stays = value == made.values.get(address)  # a cue recalled goes where it was
        if address in made.guarded and not stays:
            raise Failure(f"The show has {event}, and no packet reached it.")
    return len(events)


@contextmanager
def playing(size: int) -> Iterator[Performance]:
    """A performance that ends however the block ends."""
    with tempfile.TemporaryDirectory() as folder:
        performance = Performance(Path(folder), size)
        try:
            yield performance
        finally:
            performance.kill()


def attack(seed: int, first: int, packets: int, size: int) -> dict[str, Any]:
    """Send so many packets; returns the figures."""
    with playing(size) as performance:
        time.sleep(3)  # until the picture runs
        made = Attack(performance, seed)
        memory, began = [], time.monotonic()
        done = 0
        with suppress(KeyboardInterrupt):  # the figures of what was sent until then
            for done in range(0, packets, WINDOW):
                made.window(first + done, min(WINDOW, packets - done))
                if done % (200 * WINDOW) == 0:
                    made.look()
                    memory.append({"packets": done, **performance.memory()})
                    print(json.dumps(memory[-1]), file=sys.stderr, flush=True)
                time.sleep(max(0.0, (done + WINDOW) / FASTEST - (time.monotonic() - began)))
        seconds = time.monotonic() - began
        made.look()
        memory.append({"packets": done, **performance.memory()})
        figures = figures_of(made, memory, seconds)
        report = performance.end()
        events = recorded(performance.show, made)
        said = performance.log.count("\n")
    return {**figures, "show_events": events, "lines_logged": said, "report": report}


def count(performance: Performance, name: str) -> int:
    """One of the counts that the performance gives over OSC."""
    with socket.socket(type=socket.SOCK_DGRAM) as asking:
        asking.connect(performance.osc)
        asking.settimeout(PATIENCE)
        asking.send(message(f"/genart/status/osc/{name}"))
        (many,) = struct.unpack(">i", asking.recv(1000)[-4:])
    return int(many)


def figures_of(made: Attack, memory: list[dict[str, float]], seconds: float) -> dict[str, Any]:
    """What was sent and how it was taken."""
    waits = sorted(1e3 * wait for wait in made.waits)
    steady = [m for m in memory if m["packets"] >= memory[-1]["packets"] / 20] or memory
    return {
        "seed": made.seed,
        "sent": made.sent,
        "seconds": round(seconds, 1),
        "per_second": round(sum(made.sent.values()) / seconds),
        "probes": len(waits),
        "probe_ms": {
            "p50": round(statistics.median(waits), 2),
            "p99": round(waits[int(0.99 * (len(waits) - 1))], 2),
            "max": round(waits[-1], 2),
        },
        "memory_mb": {"after_5_percent": steady[0], "end": steady[-1]},
        "osc": {name: count(made.performance, name) for name in COUNTS},
        "datagrams_lost": made.performance.lost(),
        "left_out": made.left_out,
    }


def main() -> None:
    """Print the figures as one JSON object, or what went wrong, and exit 1."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--packets", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the first packet's number")
    parser.add_argument("--size", type=int, default=256, help="of the picture")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        figures = attack(given.seed, given.first, given.packets, given.size)
    except Failure as failure:
        sys.exit(f"FAILED: {failure}")
    print(json.dumps(figures, indent=1))
    if figures["report"]["errors"]:
        sys.exit("FAILED: the performance told of faults.")


if __name__ == "__main__":
    main()
