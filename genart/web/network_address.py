"""The address at which other machines reach a server of this one."""

from __future__ import annotations

import socket


def network_address(host: str) -> str:
    """The address that other machines can use for the one that is listened on.

    For a server that listens on all addresses it is that of the network interface in use; without
    a network, 127.0.0.1.
    """
    if host not in ("0.0.0.0", "::"):
        return host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing; it selects the network interface
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])
