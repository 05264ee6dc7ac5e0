"""The address tree: what each OSC message does.

| address                                    | does                                          |
|--------------------------------------------|-----------------------------------------------|
| `/genart/<owner>/<name>` value             | turns a Param                                 |
| `/genart/<owner>/<name>` value seconds     | fades it there                                |
| `/genart/<owner>/<name>` "+" or "-" value  | turns it from where it is; "a" is absolute    |
| `/genart/<owner>/<name>` "?" or nothing    | sends its value back                          |
| `/genart/<owner>/<name>/norm`              | the same, in 0..1 of its range and curve      |
| `/genart/tempo/tap`, `/nudge` beats        | taps; moves the beat                          |
| `/genart/cue/save`, `/recall`, `/next`     | name; name and fade in seconds; fade          |
| `/genart/cue/recall/<name>` 1              | the same for a button                         |
| `/genart/cue/move`, `/rename`, `/delete`   | name and place from 1; two names; name        |
| `/genart/feedback/subscribe`               | port and seconds, or nothing                  |
| `/genart/record/start`, `/record/stop`     | optional file name                            |
| `/genart/status/<name>`                    | sends it back                                 |

A pattern reaches every Param and status that it matches; what happens once must be named in full.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

from genart.errors import ParamError, UsageError
from genart.live.store import Store
from genart.mapping.bindings import Action as BoundAction
from genart.mapping.bindings import Outcome
from genart.osc.codec import (
    BANG,
    Message,
    OscError,
    Packet,
    TimeTag,
    decode,
    encode,
)
from genart.osc.patterns import is_pattern, matching
from genart.osc.peers import Sender
from genart.osc.scheduler import Scheduler, run_alone
from genart.params import Param
from genart.playback.timeline import Change

ROOT = "/genart"
_STATUS, _RECALL = f"{ROOT}/status/", f"{ROOT}/cue/recall/"
#: A bundle of patterns must not keep everyone else waiting.
_MOST_MATCHES = 2000
_LONGEST_LINE = 300  # characters of a complaint
_RELATIVE = {"+": 1, "-": -1}
_SAFE = re.compile(r"[\w][\w .-]{0,99}")
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")

#: Does something once: (args, sender's name).
Action: TypeAlias = Callable[[tuple[Any, ...], str], None]
#: What a message of someone else's address turns and does; None if nothing knows it.
Foreign: TypeAlias = Callable[[str, tuple[Any, ...]], "Sequence[Outcome] | None"]


def address_of(path: str) -> str:
    """The OSC address of "owner.name"."""
    return f"{ROOT}/{path.replace('.', '/', 1)}"


def wire(value: Any) -> Any:
    """A value as it is sent out: switches as 0 and 1, which every program reads."""
    return int(value) if isinstance(value, bool) else value


def safe_name(args: tuple[Any, ...]) -> str:
    """A name that stays in its folder, from a text or a whole number.

    Raises:
        ParamError: no name, or one with separators, a leading dot, or other than letters, digits,
            spaces, dots, - and _.
    """
    name = args[0] if args else None
    if isinstance(name, float) and name.is_integer():
        name = int(name)  # all that some controllers send
    text = str(name) if isinstance(name, (str, int)) and not isinstance(name, bool) else ""
    if not _SAFE.fullmatch(text) or ".." in text or text.endswith((" ", ".")):
        raise ParamError(
            f"{name!r} is no name: letters, digits, spaces, dots, - and _, 100 at most."
        )
    if _RESERVED.fullmatch(text):
        raise ParamError(f"{name!r} is no name: Windows keeps it for a device.")
    return text


@dataclass(frozen=True, slots=True)
class _Place:
    """What an address leads to."""

    path: str
    param: Param[Any]
    norm: bool


class _Batch:
    """What one bundle does, gathered before any of it is done."""

    def __init__(self) -> None:
        self.changes: dict[str, Change] = {}
        self.actions: list[Callable[[], None]] = []
        self.answers: dict[str, Callable[[], Any]] = {}
        self.polled: set[str] = set()  # patterns that were asked already
        self.matches = 0


class Router:
    """Brings packets to the store.

    Args:
        store: where values go.
        scheduler: what a bundle's time tag goes to.
        actions: what happens once, by address under /genart ("tempo/tap").
        status: the last of each status value, by name; `Feedback` keeps it.
        foreign: where messages go that are not under /genart, see `mapping`.

    Attributes:
        ignored: TouchOSC's touches, `/z`, and buttons let go.
    """

    def __init__(
        self,
        store: Store,
        scheduler: Scheduler | None = None,
        *,
        actions: Mapping[str, Action] | None = None,
        status: Mapping[str, tuple[Any, ...]] | None = None,
        foreign: Foreign | None = None,
    ) -> None:
        self.store = store
        self.scheduler = Scheduler() if scheduler is None else scheduler
        self.status = {} if status is None else status
        self.foreign = foreign
        self.ignored = 0
        self._actions = {f"{ROOT}/{name}": act for name, act in (actions or {}).items()}
        self._tree: object = None
        self._places: dict[str, _Place] = {}
        self._matches: dict[str, list[str]] = {}

    def receive(self, packet: bytes, sender: Sender) -> None:
        """Do what a packet says, now or at its time; a bad one is counted and logged once."""
        try:
            content = decode(packet)
        except OscError as error:
            self.store.arrived()
            self.store.refuse("packet", _short(f"Bad OSC: {error}"), sender.name)
            return
        if isinstance(content, Message):
            self.perform([content], sender)
            return
        for tag, messages in _by_time(content):
            why = self.scheduler.submit(tag, partial(self.perform, messages, sender))
            if why:
                self.store.complain("time tag", f"A bundle with {why}.", sender.name)

    def perform(self, messages: list[Message], sender: Sender) -> None:
        """Do messages now, all their values as one; a bad message is left out."""
        self._refresh()
        batch = _Batch()
        self.store.arrived(len(messages))
        for message in messages:
            try:
                self._gather(message, batch, sender.name)
            except UsageError as error:  # ParamError, UnknownName
                self._refuse(message, str(error), sender)
            except (OscError, TypeError, ValueError, OverflowError) as error:
                self._refuse(message, f"{type(error).__name__}: {error}", sender)
        if batch.changes:
            self.store.commit(tuple(batch.changes.values()))
        for action in batch.actions:
            run_alone(action)
        for address, answer in batch.answers.items():
            run_alone(partial(self._reply, address, answer, sender))

    def _reply(self, address: str, answer: Callable[[], Any], sender: Sender) -> None:
        args = answer()
        sender.reply(encode(Message(address, args if isinstance(args, tuple) else (args,))))

    def _refuse(self, message: Message, why: str, sender: Sender) -> None:
        kind = message.address if message.address in self._places else "address"
        self.store.refuse(kind, _short(f"{message.address}: {why}"), sender.name)

    def _refresh(self) -> None:
        tree = self.store.tree
        if tree is self._tree:
            return
        places: dict[str, _Place] = {}
        for path, param in tree.items():
            places[address_of(path)] = _Place(path, param, norm=False)
            if _has_norm(param):
                places[address_of(path) + "/norm"] = _Place(path, param, norm=True)
        self._tree, self._places, self._matches = tree, places, {}

    def _gather(self, message: Message, batch: _Batch, source: str) -> None:
        address, args = message.address, _flat(message.args)
        if address in self._places:
            self._turn(address, args, batch, source)
        elif address in self._actions:
            self._act(address, args, batch, source)
        elif is_pattern(address):
            self._spread(message, batch, source)
        elif address.startswith(_STATUS):
            self._tell_status(address, args, batch)
        elif address.startswith(_RECALL):
            self._recall(address, args, batch, source)
        elif address.endswith("/z") and address[:-2] in self._places:
            self.ignored += 1
        else:
            self._other(address, args, batch, source)

    def _spread(self, message: Message, batch: _Batch, source: str) -> None:
        if message.args in ((), ("?",)):  # a bundle is answered once, however often it asks
            if message.address in batch.polled:
                return
            batch.polled.add(message.address)
        known = self._matches.get(message.address)
        if known is None:
            stated = [f"{_STATUS}{name}" for name in list(self.status)]
            known = matching(message.address, [*self._places, *stated])
            if len(self._matches) < 256:
                self._matches[message.address] = known
        if not known:
            raise OscError("no address matches this pattern")
        batch.matches += len(known)
        if batch.matches > _MOST_MATCHES:
            raise OscError(f"the patterns of one bundle match more than {_MOST_MATCHES} addresses")
        for address in known:
            try:
                self._gather(Message(address, message.args), batch, source)
            except UsageError as error:  # one that cannot take it leaves the others alone
                self.store.refuse(address, _short(f"{address}: {error}"), source)

    def _turn(self, address: str, args: tuple[Any, ...], batch: _Batch, source: str) -> None:
        place = self._places[address]
        if not args or args == ("?",):
            batch.answers[address] = partial(self._answer, place)
            return
        value, fade = self._meant(place, args, batch)
        if isinstance(place.param.default, bool) and not (place.norm or isinstance(value, bool)):
            value = value >= 0.5
        change = self.store.resolve(place.path, value, source, fade=fade, norm=place.norm)
        batch.changes.pop(place.path, None)
        batch.changes[place.path] = change

    def _answer(self, place: _Place) -> Any:
        value = self.store.current(place.path)
        return place.param.to_norm(value) if place.norm else wire(value)

    def _meant(
        self, place: _Place, args: tuple[Any, ...], batch: _Batch
    ) -> tuple[Any, float | None]:
        """The value and fade that arguments ask for."""
        param, sign = place.param, 0
        if len(args) > 1 and args[0] in ("a", "+", "-"):
            sign, args = _RELATIVE.get(args[0], 0), args[1:]
        value, fade = args[0], args[1] if len(args) > 1 else None
        if len(args) > 2 or not (fade is None or _is_fade(fade)):
            raise ParamError("give one value, and a fade in seconds if you like.")
        if isinstance(value, str) != (isinstance(param.default, str) and not place.norm):
            raise ParamError(f"{value!r} is no {type(param.default).__name__}.")
        if not isinstance(value, str) and not _is_number(value):
            raise ParamError(f"{value!r} is no value; allowed: {param.allowed()}.")
        if sign:
            value = self._moved(place, sign * value, batch)
        return value, fade

    def _moved(self, place: _Place, step: Any, batch: _Batch) -> Any:
        if isinstance(place.param.default, (str, bool)):
            raise ParamError("only numbers are turned from where they are.")
        pending = batch.changes.get(place.path)
        now = pending.value if pending else self.store.current(place.path)
        return (place.param.to_norm(now) if place.norm else now) + step

    def _act(self, address: str, args: tuple[Any, ...], batch: _Batch, source: str) -> None:
        button = address.rpartition("/")[2] in _BUTTONS
        if args and (args[0] is False or (button and args[0] == 0)):
            self.ignored += 1  # a button let go
            return
        args = tuple(a for a in args if not (a is True or a is None or a is BANG))
        if button and address != f"{ROOT}/cue/next" and args and args[0] == 1:
            args = args[1:]  # a button pressed
        action = self._actions.get(address)
        if action is None:
            raise OscError("no such address")
        batch.actions.append(lambda: self._guarded(action, address, args, source))

    def _guarded(self, action: Action, address: str, args: tuple[Any, ...], source: str) -> None:
        try:
            action(args, source)
        except (UsageError, OSError) as error:
            self.store.refuse(address, _short(f"{address}: {error}"), source)

    def _recall(self, address: str, args: tuple[Any, ...], batch: _Batch, source: str) -> None:
        """A cue by its own address, for buttons that send 1 and 0 alone."""
        if args and not args[0]:
            self.ignored += 1
            return
        name = address.removeprefix(_RECALL)
        self._act(_RECALL.rstrip("/"), (name,), batch, source)

    def _tell_status(self, address: str, args: tuple[Any, ...], batch: _Batch) -> None:
        name = address.removeprefix(_STATUS)
        if args not in ((), ("?",)):
            raise ParamError("a status is sent out only.")
        if name not in self.status:
            raise ParamError("there is no such status yet.")
        batch.answers[address] = lambda: self.status[name]

    def _other(self, address: str, args: tuple[Any, ...], batch: _Batch, source: str) -> None:
        known = self.foreign(address, args) if self.foreign else None
        if known is None:
            raise OscError("no such address")
        for each in known:
            if isinstance(each, BoundAction):
                self._gather(Message(f"{ROOT}/{each.address}", each.args), batch, source)
            else:
                batch.changes[each.path] = replace(each, source=source)


#: What a plain button sets off: it sends 1 when pressed and 0 when let go.
_BUTTONS = ("tap", "start", "stop", "next")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, TimeTag)


def _short(why: str) -> str:
    """What is logged: a stranger's text may be 64 kB long."""
    return why if len(why) <= _LONGEST_LINE else f"{why[:_LONGEST_LINE]} ..."


def _is_fade(value: Any) -> bool:
    return _is_number(value) and not isinstance(value, bool)


def _flat(args: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(args[0]) if len(args) == 1 and isinstance(args[0], list) else args


def _has_norm(param: Param[Any]) -> bool:
    try:
        param.from_norm(0.0)
    except ParamError:
        return False
    return True


def _by_time(packet: Packet, floor: int = 0) -> list[tuple[TimeTag, list[Message]]]:
    """The messages of a packet by when they are due; an inner bundle is never before its outer."""
    if isinstance(packet, Message):
        return [(TimeTag(1), [packet])]
    groups: list[tuple[TimeTag, list[Message]]] = [(TimeTag(max(packet.time, floor)), [])]
    for element in packet.elements:
        if isinstance(element, Message):
            groups[0][1].append(element)
            continue
        for tag, messages in _by_time(element, groups[0][0]):
            if tag == groups[0][0] or tag.immediate:
                groups[0][1].extend(messages)
            else:
                groups.append((tag, messages))
    return [group for group in groups if group[1]]
