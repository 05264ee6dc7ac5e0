"""Plays the control "link" with a real second peer, in a network that is nobody else's.

Run as a program in a network namespace of its own; it prints what it found as JSON.
"""

from __future__ import annotations

import fcntl
import json
import socket
import statistics
import struct
import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import link

from genart.live.console import LiveConsole
from genart.live.store import Store
from genart.playback.faults import Faults
from genart.playback.settings import Settings

_PATIENCE = 20.0


def bring_loopback_up() -> None:
    """A fresh namespace has a loopback that is down."""
    up_and_running, set_flags = 0x41, 0x8914
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, set_flags, struct.pack("16sH14s", b"lo", up_and_running, b""))


class Player:
    """The engine's side of a performance, a hundred times per second, without an image."""

    def __init__(self, source: str) -> None:
        from genart_link.control import Link

        start = time.perf_counter()
        self.settings = Settings()
        tree = self.settings.tree()
        self.store = Store(tree, clock=lambda: time.perf_counter() - start)
        self.console = LiveConsole(self.store, Faults(lambda line: None))
        self.control = Link(source)
        self.control.start(self.console)

    def tick(self) -> float:
        """Make one frame; its time."""
        time.sleep(0.01)
        t = self.store.clock()
        self.control.changes(t)
        self.store.take(t)
        for at, pairs in self.store.moments(t):
            self.settings.advance(Fraction(at))
            for path, value in pairs:
                self.settings.tree().set(path, value)
        self.settings.advance(Fraction(t))
        tempo = self.settings.tempo
        self.console.tempo.observe(t, tempo.beat, tempo.offset)
        return t

    def until(self, condition: Callable[[], bool]) -> bool:
        """Play on until something is so; whether it came to that."""
        end = time.monotonic() + _PATIENCE
        while not condition() and time.monotonic() < end:
            self.tick()
        return condition()

    def apart(self, peer: Any) -> float:
        """How far our beat is from a peer's, in ms: the median of some frames."""
        found = []
        for _ in range(20):
            t = self.tick()
            now = peer.clock().micros() - round(1e6 * (self.store.clock() - t))
            theirs: float = peer.captureAppSessionState().beatAtTime(now, 4.0)
            error = (self.settings.tempo.beat - theirs + 2) % 4 - 2
            found.append(abs(error) * 6e4 / self.settings.tempo.bpm)
        return statistics.median(found)


def session() -> dict[str, Any]:
    """What two peers do, in order."""
    found: dict[str, Any] = {}
    peer = link.Link(97.0)
    peer.startStopSyncEnabled = True
    peer.enabled = True

    def state() -> Any:
        return peer.captureAppSessionState()

    def change(turn: Callable[[Any, int], None]) -> None:
        changed = state()
        turn(changed, peer.clock().micros())
        peer.commitAppSessionState(changed)

    time.sleep(1.0)  # the session that is older by half a second keeps its tempo
    player = Player("play")
    store = player.store
    player.until(lambda: player.console.said.get("link") == 1 and state().tempo() == 97.0)
    player.until(lambda: store.current("tempo.bpm") == 97.0)
    found["joined"] = [player.console.said.get("link"), store.current("tempo.bpm")]
    player.until(lambda: player.apart(peer) < 1.5)
    found["apart"] = player.apart(peer)

    store.put("tempo.bpm", 140.0, "web")
    player.until(lambda: abs(state().tempo() - 140) < 0.01)
    found["theirs"] = state().tempo()
    change(lambda changed, now: changed.setTempo(131.0, now))
    player.until(lambda: store.current("tempo.bpm") == 131.0)
    player.until(lambda: player.apart(peer) < 1.5)
    found["ours"], found["apart again"] = store.current("tempo.bpm"), player.apart(peer)

    change(lambda changed, now: changed.setIsPlaying(True, now))
    player.until(lambda: state().isPlaying())
    for _ in range(20):
        player.tick()
    change(lambda changed, now: changed.setIsPlaying(False, now))
    found["stopped"] = player.until(lambda: store.current("transport.play") is False)
    store.put("transport.play", True, "web")
    found["played"] = player.until(lambda: state().isPlaying())

    player.control.close()
    end = time.monotonic() + _PATIENCE
    while peer.numPeers() and time.monotonic() < end:
        time.sleep(0.01)
    found["left"] = peer.numPeers() == 0
    peer.enabled = False
    return found


if __name__ == "__main__":
    bring_loopback_up()
    print(json.dumps(session()))
