"""A socket that is bound before its web server starts."""

from __future__ import annotations

import socket

from genart.errors import UsageError


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.listen(128)
    except OSError as error:
        made.close()
        raise UsageError(
            f"The web page cannot be at {host}:{port}: {error.strerror}. Choose another with --web."
        ) from error
    return made
