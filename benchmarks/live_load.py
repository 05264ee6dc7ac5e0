"""The instrument under load: `python benchmarks/live_load.py [--seconds 60] [--json] [-- ...]`.

`genart live --headless` plays the shipped model in a process of its own, as a user starts it, while
a client in another process sends 1,000 OSC messages a second: values over several Params, in their
units and as positions, steps, bundles, and polls that are to be answered. What stands after `--` is
handed to `genart live`. Exits with 0 if every floor holds, and 1 if one does not.
"""

from __future__ import annotations

import argparse
import json
import math
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import build_msg

RATE = 1000  # messages a second
TAIL = 1.0  # seconds of the performance after the last message, for all to arrive
POLL = "/genart/tempo/bpm"
#: Each figure: how it is called, what it may be, and its unit.
FLOORS = {
    "fps": ("frames a second", ">=", 29.9, ""),
    "longest": ("longest gap", "<=", 100.0, " ms"),
    "gaps": ("gaps over 100 ms", "<=", 0, ""),
    "lost": ("messages lost", "<=", 0, ""),
    "rejected": ("messages rejected", "<=", 0, ""),
    "unanswered": ("polls unanswered", "<=", 0, ""),
    "message_to_param_p99": ("message to Param, p99", "<=", 2.0, " ms"),
    "param_to_frame_p99": ("Param to frame, p99", "<=", 2000 / 30, " ms"),
}


def main() -> int:
    """Play, send, and judge."""
    parser = argparse.ArgumentParser(description="How the instrument does under load.")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=RATE, help="messages a second")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--client", type=int, help=argparse.SUPPRESS)
    parser.add_argument("more", nargs="*", help="handed to genart live")
    asked = parser.parse_args()
    if asked.client:
        print(json.dumps(send(("127.0.0.1", asked.client), asked.rate, asked.seconds)))
        return 0
    found = judged(*perform(asked.seconds, asked.rate, asked.more))
    print(json.dumps(found) if asked.json else "\n".join(told(found)))
    return 0 if found["holds"] else 1


def perform(seconds: float, rate: float, more: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Play for so many seconds under load; returns the report and what the client counted."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable, "-m", "genart", "live", "--headless", "--seconds", str(seconds),
            "--osc", "127.0.0.1:0", "--web", "127.0.0.1:0", "--cues", f"{folder}/cues.json",
            "--json", *more,
        ]  # fmt: skip
        errors = Path(folder, "stderr")
        with errors.open("wb") as said:
            live = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said)
        try:
            client = [sys.executable, __file__, "--client", str(port(live, errors))]
            client += ["--rate", str(rate), "--seconds", str(seconds - TAIL)]
            counted = json.loads(subprocess.run(client, check=True, capture_output=True).stdout)
            report = json.loads(live.communicate(timeout=seconds + 60)[0])
        finally:
            live.kill()
    return report, counted


def port(live: subprocess.Popen[bytes], errors: Path) -> int:
    """The OSC port that a performance says it listens on."""
    while live.poll() is None:
        for line in errors.read_text().splitlines():
            if line.startswith("osc "):
                return int(line.rpartition(":")[2])
        time.sleep(0.02)
    raise SystemExit(f"genart live ended:\n{errors.read_text()}")


def send(address: tuple[str, int], rate: float, seconds: float) -> dict[str, Any]:
    """Send at a rate from the first answer on, for so many seconds at most, counting everything.

    The rate is kept by absolute deadlines: a client that is late sends what is due at once.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        asked = until_answered(sock, address)
        sock.setblocking(False)
        start, sent, polls, waits = time.perf_counter(), 0, dict[int, float](), list[float]()
        for packet, messages, is_poll in packets():
            while (early := start + sent / rate - time.perf_counter()) > 0:
                hear(sock, polls, waits)
                time.sleep(min(early, 0.002))
            if time.perf_counter() - start > seconds:
                break
            if is_poll:
                polls[len(polls) + len(waits)] = time.perf_counter()
            sock.sendto(packet, address)
            sent += messages
        ended = time.perf_counter()
        while polls and time.perf_counter() - ended < 0.5:
            hear(sock, polls, waits)
            time.sleep(0.001)
    return {
        "sent": sent + asked,
        "rate": sent / (ended - start),
        "polls": len(polls) + len(waits),
        "unanswered": len(polls),
        "poll_ms": {f"p{p}": 1e3 * percentile(waits, p) for p in (50, 99, 100)},
    }


def until_answered(sock: socket.socket, address: tuple[str, int]) -> int:
    """Ask until somebody answers; returns how often."""
    sock.settimeout(0.25)
    asked = 0
    while asked < 1000:
        sock.sendto(build_msg(POLL, []).dgram, address)
        asked += 1
        try:
            sock.recv(65536)
        except TimeoutError:
            continue
        time.sleep(0.5)  # answers that were late
        sock.setblocking(False)
        list(drained(sock))
        return asked
    raise SystemExit("Nobody answers.")


def drained(sock: socket.socket) -> Iterator[bytes]:
    """Every packet that is there."""
    while True:
        try:
            yield sock.recv(65536)
        except BlockingIOError:
            return


def hear(sock: socket.socket, polls: dict[int, float], waits: list[float]) -> None:
    """Take answers; they keep the order of the questions."""
    for _ in drained(sock):
        waits.append(time.perf_counter() - polls.pop(next(iter(polls))))


def packets() -> Iterator[tuple[bytes, int, bool]]:
    """Packets without end: each with how many messages it holds, and whether it is a poll."""
    made = [packet(i) for i in range(1000)]  # made before the first is sent
    while True:
        yield from made


def packet(i: int) -> tuple[bytes, int, bool]:
    """Packet i: one in fifty a poll, one in twenty a bundle of four, else one value."""
    if i % 50 == 25:
        return build_msg(POLL, ["?"] if i % 100 == 25 else []).dgram, 1, True
    if i % 20 == 10:
        bundle = OscBundleBuilder(IMMEDIATELY)
        for j in range(4):
            bundle.add_content(value(i + j))
        return bundle.build().dgram, 4, False
    return value(i).dgram, 1, False


def value(i: int) -> Any:
    """A message that turns one of several Params, each along a sine."""
    x = 0.5 + 0.5 * math.sin(i / 50)
    turns: list[tuple[str, list[Any]]] = [
        ("/genart/model/truncation", [0.4 + 0.6 * x]),
        ("/genart/transport/speed", [0.5 + x]),
        ("/genart/tempo/bpm", [100 + round(40 * x)]),
        ("/genart/walk/radius/norm", [x]),
        ("/genart/tempo/offset", ["+" if i % 16 < 8 else "-", 0.01]),
        ("/genart/transport/seconds", [6 + 4 * x, 0.25]),
        ("/genart/model/truncation/norm", [0.6 + 0.1 * x]),
        ("/genart/walk/low", [x]),
    ]
    return build_msg(*turns[i % len(turns)])


def percentile(values: list[float], share: int) -> float:
    """The value that `share` of a hundred stay within; 0 of nothing."""
    ordered = sorted(values)
    return ordered[max(math.ceil(share / 100 * len(ordered)) - 1, 0)] if ordered else 0.0


def judged(report: dict[str, Any], counted: dict[str, Any]) -> dict[str, Any]:
    """The figures, and which floors they miss."""
    latency, pace = report["latency_ms"], report["interval_ms"]
    figures = {
        "fps": report["fps"],
        "longest": pace["max"],
        "gaps": report["gaps"],
        "lost": counted["sent"] - report["osc"]["received"],
        "rejected": report["osc"]["rejected"],
        "unanswered": counted["unanswered"],
        "message_to_param_p99": latency["message_to_param"]["p99"],
        "param_to_frame_p99": latency["param_to_frame"]["p99"],
    }
    missed = [name for name, figure in figures.items() if not reached(figure, *FLOORS[name][1:3])]
    return {
        "holds": not missed, "missed": missed, "figures": figures, "client": counted,
        "report": report,
    }  # fmt: skip


def reached(figure: float, how: str, floor: float) -> bool:
    """Whether a figure keeps to its floor."""
    return figure >= floor if how == ">=" else figure <= floor


def told(found: dict[str, Any]) -> Iterator[str]:
    """The figures for people."""
    report, client = found["report"], found["client"]
    width, height = report["size"]
    yield f"{report['frames']} frames of {width}x{height} px shown in {report['seconds']:.1f} s:"
    yield (
        f"  {report['made']} made by the model, {report['synthesised']} synthesised, "
        f"{report['repeated']} repeated, {report['skipped']} skipped, {report['dropped']} dropped"
    )
    yield f"  {client['sent']} messages sent, {client['rate']:.0f} a second"
    for name, marks in (
        ("interval", report["interval_ms"]),
        *((name.replace("_", " "), each) for name, each in report["latency_ms"].items()),
        ("poll to answer", client["poll_ms"]),
    ):
        yield f"  {name}, ms: " + ", ".join(f"{mark} {ms:.1f}" for mark, ms in marks.items())
    for fault in report["faults"]:
        yield f"  {fault['where']}: {fault['message']} ({fault['count']} times)"
    for name, figure in found["figures"].items():
        called, how, floor, unit = FLOORS[name]
        mark = "missed" if name in found["missed"] else "holds"
        yield f"{mark:6}  {called} {figure:g}{unit}, {how} {floor:.4g}{unit}"


if __name__ == "__main__":
    sys.exit(main())
