"""Senders of packets, and a rate limit for each host."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True)
class Sender:
    """The sender of a packet.

    Args:
        host: its address.
        port: its port.
        reply: sends a packet back.
        kind: "osc", "osc-tcp" or "web".
    """

    host: str
    port: int
    reply: Callable[[bytes], None] = field(compare=False)
    kind: str = "osc"

    @cached_property
    def name(self) -> str:
        """Its name in logs and as the source of changes: "osc 127.0.0.1:9000"."""
        return f"{self.kind} {self.host}:{self.port}"


Handler = Callable[[bytes, Sender], None]


class RateLimit:
    """A token bucket for each host.

    Args:
        rate: packets per second; None for no limit.
        burst: how many packets may arrive at once.
        most: how many hosts are remembered.
    """

    def __init__(self, rate: float | None, burst: float, most: int = 1024) -> None:
        self.rate, self.burst, self.most = rate, burst, most
        self._left: dict[str, tuple[float, float]] = {}

    def allows(self, host: str, now: float) -> bool:
        """Whether one more packet is accepted, at a time in seconds."""
        if self.rate is None:
            return True
        left, since = self._left.get(host, (self.burst, now))
        left = min(left + (now - since) * self.rate, self.burst)
        if host not in self._left and len(self._left) >= self.most:
            self._left.clear()
        self._left[host] = (max(left - 1.0, 0.0), now)
        return left >= 1.0
