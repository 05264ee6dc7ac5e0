"""The router: resolves OSC messages to changes, actions and answers.

| address                                    | effect                                        |
|--------------------------------------------|-----------------------------------------------|
| `/genart/<owner>/<name>` value             | changes a Param                               |
| `/genart/<owner>/<name>` value seconds     | fades it to the value                         |
| `/genart/<owner>/<name>` "+" or "-" value  | changes it by a step; "a" is absolute         |
| `/genart/<owner>/<name>` "?" or nothing    | sends its value back                          |
| `/genart/<owner>/<name>/norm`              | the same, as 0..1 of its range and curve      |
| `/genart/token` text                       | the token, first, from other machines         |
| `/genart/tempo/tap`, `/nudge` beats        | taps the tempo; moves the beat                |
| `/genart/cue/save`, `/recall`, `/next`     | name; name and fade in seconds; fade          |
| `/genart/cue/recall/<name>` 1              | recalls a cue with a plain button             |
| `/genart/cue/move`, `/rename`, `/delete`   | name and position from 1; two names; name     |
| `/genart/feedback/subscribe`               | port and seconds, or nothing                  |
| `/genart/record/start`, `/record/stop`     | optional file name                            |
| `/genart/load/sketch`                      | the name of a sketch                          |
| `/genart/status/<name>`                    | sends it back                                 |

A pattern matches Params and status values; an action must be addressed in full.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import partial
from typing import Any, TypeAlias

from genart.errors import ParamError, UsageError
from genart.live.actions import TOKEN, Actions
from genart.live.complaints import without_numbers
from genart.live.osc.addresses import ROOT, STATUS, address_of, wire
from genart.live.store import Store
from genart.mapping.bindings import Action, Outcome
from genart.osc.codec import BANG, Message, OscError, Packet, TimeTag, decode, encode
from genart.osc.patterns import is_pattern, matching
from genart.osc.peers import Sender
from genart.osc.scheduler import Scheduler, run_alone
from genart.params import Param
from genart.playback.timeline import Change

_RECALL = f"{ROOT}/cue/recall/"
#: How many addresses the patterns of one bundle may match; this limits its time.
_MOST_MATCHES = 2000
_RELATIVE = {"+": 1, "-": -1}

#: What a message outside /genart asks for; None if its address is not mapped.
Foreign: TypeAlias = Callable[[str, tuple[Any, ...]], "Sequence[Outcome] | None"]


@dataclass(frozen=True, slots=True)
class _Target:
    """The Param of an address."""

    path: str
    param: Param[Any]
    norm: bool


class _Batch:
    """What the messages of one bundle ask for, collected before any of it is done."""

    def __init__(self) -> None:
        self.changes: dict[str, Change] = {}
        self.actions: list[Callable[[], None]] = []
        self.answers: dict[str, Callable[[], Any]] = {}
        self.polled: set[str] = set()  # patterns that were asked already
        self.matches = 0


class Router:
    """Resolves packets and commits their changes to the store.

    Args:
        store: where changes are resolved and committed.
        scheduler: keeps bundles until their time tag.
        actions: runs the actions.
        status: the newest of each status value, by name; `Feedback` keeps it.
        foreign: resolves messages that are not under /genart: the mapping.

    Attributes:
        ignored: how many messages had no effect: touches of TouchOSC (`/z`) and released buttons.
    """

    def __init__(
        self,
        store: Store,
        scheduler: Scheduler | None = None,
        *,
        actions: Actions | None = None,
        status: Mapping[str, tuple[Any, ...]] | None = None,
        foreign: Foreign | None = None,
    ) -> None:
        self.store = store
        self.scheduler = Scheduler() if scheduler is None else scheduler
        self.status = {} if status is None else status
        self.foreign = foreign
        self.ignored = 0
        self._actions = Actions(store) if actions is None else actions
        self._tree: object = None
        self._targets: dict[str, _Target] = {}
        self._matches: dict[str, list[str]] = {}

    def receive(self, packet: bytes, sender: Sender) -> None:
        """Perform a packet now or at its time; a malformed one is counted and logged once."""
        try:
            content = decode(packet)
        except OscError as error:
            self.store.arrived()
            why = f"Malformed OSC packet: {error}"
            self.store.refuse(without_numbers(why), why, sender.name)
            return
        if not self._admits(content, sender):
            return
        if isinstance(content, Message):
            self.perform([content], sender)
            return
        for tag, messages in _by_time(content):
            why = self.scheduler.submit(tag, partial(self.perform, messages, sender))
            if why:
                why = f"A bundle has {why}."
                self.store.complain(without_numbers(why), why, sender.name)

    def _admits(self, content: Packet, sender: Sender) -> bool:
        """Whether a sender needs no token, presented it before, or does so in this packet."""
        permissions = self.store.permissions
        if permissions.allows(sender.name):
            return True
        messages = [each for _, part in _by_time(content) for each in part]
        for each in messages:
            if each.address == f"{ROOT}/{TOKEN}" and each.args:
                permissions.present(sender.name, each.args[0])
        if permissions.allows(sender.name):
            return True
        self.store.arrived(len(messages))
        why = f"{sender.host} did not send the token; it sends {ROOT}/{TOKEN} and the token first."
        self.store.refuse(why, why, sender.name)
        return False

    def perform(self, messages: list[Message], sender: Sender) -> None:
        """Perform messages now, all their changes at once; a refused message is left out."""
        self._refresh()
        batch = _Batch()
        self.store.arrived(len(messages))
        for message in messages:
            try:
                self._gather(message, batch, sender.name)
            except _NoSuchAddress:
                address = message.address
                self.store.refuse(address, partial(self._unknown, address), sender.name)
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
        why = f"{message.address}: {why}"
        self.store.refuse(without_numbers(why), why, sender.name)

    def _unknown(self, address: str) -> str:
        """What is reported about an address that does not exist: with the nearest one."""
        named = address.removeprefix(ROOT).strip("/")
        known = [*self._targets, *(f"{ROOT}/{each}" for each in self._actions)]
        known += [f"{STATUS}{name}" for name in list(self.status)]
        near = get_close_matches(named, [each.removeprefix(f"{ROOT}/") for each in known], n=1)
        guess = f'Did you mean "{ROOT}/{near[0]}"?' if near else "docs/osc.md lists the addresses."
        return f'There is no address "{address}". {guess}'

    def _refresh(self) -> None:
        tree = self.store.tree
        if tree is self._tree:
            return
        targets: dict[str, _Target] = {}
        for path, param in tree.items():
            targets[address_of(path)] = _Target(path, param, norm=False)
            if _has_norm(param):
                targets[address_of(path) + "/norm"] = _Target(path, param, norm=True)
        self._tree, self._targets, self._matches = tree, targets, {}

    def _gather(self, message: Message, batch: _Batch, source: str) -> None:
        address, args = message.address, _flat(message.args)
        if address in self._targets:
            self._change(address, args, batch, source)
        elif address.startswith(f"{ROOT}/") and address[len(ROOT) + 1 :] in self._actions:
            self._act(address, args, batch, source)
        elif is_pattern(address):
            self._spread(message, batch, source)
        elif address.startswith(STATUS):
            self._answer_status(address, args, batch)
        elif address.startswith(_RECALL):
            self._recall(address, args, batch, source)
        elif address.endswith("/z") and address[:-2] in self._targets:
            self.ignored += 1
        else:
            self._other(address, args, batch, source)

    def _spread(self, message: Message, batch: _Batch, source: str) -> None:
        if message.args in ((), ("?",)):  # a bundle is answered once per pattern
            if message.address in batch.polled:
                return
            batch.polled.add(message.address)
        known = self._matches.get(message.address)
        if known is None:
            stated = [f"{STATUS}{name}" for name in list(self.status)]
            known = matching(message.address, [*self._targets, *stated])
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
            except UsageError as error:  # a refusal does not affect the other addresses
                why = f"{address}: {error}"
                self.store.refuse(without_numbers(why), why, source)

    def _change(self, address: str, args: tuple[Any, ...], batch: _Batch, source: str) -> None:
        target = self._targets[address]
        if not args or args == ("?",):
            batch.answers[address] = partial(self._answer, target)
            return
        value, fade = self._asked(target, args, batch)
        if isinstance(target.param.default, bool) and not (target.norm or isinstance(value, bool)):
            value = value >= 0.5
        change = self.store.resolve(target.path, value, source, fade=fade, norm=target.norm)
        batch.changes.pop(target.path, None)
        batch.changes[target.path] = change

    def _answer(self, target: _Target) -> Any:
        value = self.store.current(target.path)
        return target.param.to_norm(value) if target.norm else wire(value)

    def _asked(
        self, target: _Target, args: tuple[Any, ...], batch: _Batch
    ) -> tuple[Any, float | None]:
        """The value and fade that arguments ask for."""
        param, sign = target.param, 0
        if len(args) > 1 and args[0] in ("a", "+", "-"):
            sign, args = _RELATIVE.get(args[0], 0), args[1:]
        value, fade = args[0], args[1] if len(args) > 1 else None
        if len(args) > 2 or not (fade is None or _is_fade(fade)):
            raise ParamError("give one value, and optionally a fade in seconds.")
        if isinstance(value, str) != (isinstance(param.default, str) and not target.norm):
            raise ParamError(f"{value!r} is not a {type(param.default).__name__}.")
        if not isinstance(value, str) and not _is_number(value):
            raise ParamError(f"{value!r} is not a value; allowed: {param.allowed()}.")
        if sign:
            value = self._stepped(target, sign * value, batch)
        return value, fade

    def _stepped(self, target: _Target, step: Any, batch: _Batch) -> Any:
        if isinstance(target.param.default, (str, bool)):
            raise ParamError("only numbers can be changed by a step.")
        pending = batch.changes.get(target.path)
        now = pending.value if pending else self.store.current(target.path)
        return (target.param.to_norm(now) if target.norm else now) + step

    def _act(self, address: str, args: tuple[Any, ...], batch: _Batch, source: str) -> None:
        button = address.rpartition("/")[2] in _BUTTONS
        if args and (args[0] is False or (button and args[0] == 0)):
            self.ignored += 1  # a released button
            return
        args = tuple(a for a in args if not (a is True or a is None or a is BANG))
        if button and address != f"{ROOT}/cue/next" and args and args[0] == 1:
            args = args[1:]  # a pressed button
        name = address[len(ROOT) + 1 :]
        batch.actions.append(partial(self._actions.attempt, name, args, source))

    def _recall(self, address: str, args: tuple[Any, ...], batch: _Batch, source: str) -> None:
        """A cue by its own address, for buttons that send only 1 and 0."""
        if args and not args[0]:
            self.ignored += 1
            return
        name = address.removeprefix(_RECALL)
        if "cue/recall" not in self._actions:
            raise _NoSuchAddress(address)
        self._act(_RECALL.rstrip("/"), (name,), batch, source)

    def _answer_status(self, address: str, args: tuple[Any, ...], batch: _Batch) -> None:
        name = address.removeprefix(STATUS)
        if args not in ((), ("?",)):
            raise ParamError("a status can only be read.")
        if name not in self.status:
            raise ParamError("there is no such status.")
        batch.answers[address] = lambda: self.status[name]

    def _other(self, address: str, args: tuple[Any, ...], batch: _Batch, source: str) -> None:
        known = self.foreign(address, args) if self.foreign else None
        if known is None:
            raise _NoSuchAddress(address)
        for each in known:
            if isinstance(each, Action):
                self._gather(Message(f"{ROOT}/{each.address}", each.args), batch, source)
            else:
                batch.changes[each.path] = replace(each, source=source)


class _NoSuchAddress(OscError):
    """An address that nothing has."""


#: Actions for plain buttons, which send 1 when pressed and 0 when released.
_BUTTONS = ("tap", "start", "stop", "next")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, TimeTag)


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
    """The messages of a packet by due time; an inner bundle is never before its outer one."""
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
