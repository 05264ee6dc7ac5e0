"""mDNS: announces the performance on the network, so that programs find it (extra: zeroconf)."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from importlib.util import find_spec
from threading import Thread
from typing import Any

from genart.playback.faults import Faults
from genart.web.access import is_here
from genart.web.network_address import network_address


def can_advertise() -> bool:
    """Whether zeroconf is installed."""
    return find_spec("zeroconf") is not None


class Advertisement:
    """Announces OSCQuery as `_oscjson._tcp` and OSC as `_osc._udp`, where they can be reached.

    Args:
        name: the name that other programs show.
        web: (host, port) of OSCQuery.
        osc: (host, port) of OSC.
        faults: where it is reported if it cannot be announced.

    Attributes:
        name: its name in reports.
    """

    name = "mdns"

    def __init__(
        self, name: str, web: tuple[str, int], osc: tuple[str, int], faults: Faults
    ) -> None:
        self._title, self._faults = name, faults
        self._offers = {"_oscjson._tcp.local.": web, "_osc._udp.local.": osc}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._thread = Thread(target=self._work, name="genart-mdns", daemon=True)
        self._closing = False

    def start(self) -> None:
        """Announce in a thread: it takes a second."""
        self._thread.start()

    def close(self) -> None:
        """Withdraw the announcement."""
        self._closing = True
        if self._loop is not None and self._task is not None:
            with suppress(RuntimeError):  # it has just ended
                self._loop.call_soon_threadsafe(self._task.cancel)
        if self._thread.is_alive():
            self._thread.join(5)

    def _work(self) -> None:
        try:
            asyncio.run(self._announce())
        except BaseException as error:  # the performance does not need it
            if not self._closing:
                self._faults.add("mdns", error)

    async def _announce(self) -> None:
        from zeroconf import IPVersion
        from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

        self._task, self._loop = asyncio.current_task(), asyncio.get_running_loop()
        here = all(is_here(host) for host, _ in self._offers.values())
        where: Any = {"interfaces": ["127.0.0.1"]} if here else {}
        zeroconf = AsyncZeroconf(ip_version=IPVersion.V4Only, **where)
        try:
            for kind, (host, port) in self._offers.items():
                info = AsyncServiceInfo(
                    kind, f"{self._title}.{kind}", port=port, parsed_addresses=[_address(host)],
                    server=f"{socket.gethostname()}.local.",
                )  # fmt: skip
                await zeroconf.async_register_service(info, allow_name_change=True)
            while not self._closing:
                await asyncio.sleep(3600)
        finally:
            await zeroconf.async_close()


def _address(host: str) -> str:
    return socket.gethostbyname(network_address(host))
