"""`genart live` as a stranger meets it: a process, with nothing but its ports."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

from genart.osc.codec import BANG, Message, TimeTag, decode, encode
from support.osc_garbage import message

LAST = "/genart/walk/loop"


def sent_by_others(address: str, args: tuple[Any, ...]) -> bytes:
    """A message as any program may send it, impulses and time tags included."""
    if args == (BANG,):
        return message(address, "I")
    if args and isinstance(args[0], TimeTag):
        return message(address, "t", args[0].to_bytes(8, "big"))
    return encode(Message(address, args))


class Performance:
    """`genart live` in a process of its own: plasma at 64 px, without a window."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket(type=socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            self.feedback = str(free.getsockname()[1])
        command = [
            sys.executable, "-m", "genart", "live", "drift", "--model", "plasma", "--size", "64",
            "--fps", "10", "--headless", "--osc", "127.0.0.1:0", "--web", "127.0.0.1:0",
            "--feedback", f"127.0.0.1:{self.feedback}",
        ]  # fmt: skip
        self.process = subprocess.Popen(
            command, cwd=folder, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        assert self.process.stderr is not None
        told = iter(self.process.stderr.readline, "")
        self.web = next(m[1] for line in told if (m := re.match(r"page (http://[\d.:]+)", line)))
        self.port = next(m[1] for line in told if (m := re.match(r"osc [\d.]+:(\d+)", line)))
        self._socket = socket.socket(type=socket.SOCK_DGRAM)
        self._socket.connect(("127.0.0.1", int(self.port)))
        self._socket.settimeout(30)
        self._reader = Thread(target=lambda: list(told))
        self._reader.start()

    def send(self, address: str, *args: Any) -> None:
        """Send a message; it is done before anything that is sent or asked later."""
        self._socket.send(sent_by_others(address, args))

    def ask(self, address: str, *args: Any) -> Any:
        """What stands at an address, asked for with nothing or "?"; None if nothing does."""
        self.send(address, *args)
        self.send(LAST)  # is always answered, and after it nothing is
        answers: list[Message] = []
        while (heard := self._hear()).address != LAST or (address == LAST and not answers):
            answers.append(heard)
        assert {answer.address for answer in answers} <= {address}
        return answers[0].args[0] if answers and answers[0].args else None

    def _hear(self) -> Message:
        answer = decode(self._socket.recv(65_536))
        assert isinstance(answer, Message)
        return answer

    def until(self, address: str, fits: Callable[[Any], bool]) -> Any:
        """Ask until what stands there fits; half a minute at most."""
        end = time.monotonic() + 30
        while not fits(found := self.ask(address)):
            assert time.monotonic() < end, f"{address} is still {found}"
        return found

    def close(self) -> None:
        """End it, as Ctrl-C does."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        self._reader.join()
        self._socket.close()
        assert self.process.stderr is not None
        self.process.stderr.close()
