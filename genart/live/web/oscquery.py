"""OSCQuery: the tree of parameters as JSON, for programs that discover it.

The protocol: https://github.com/Vidvox/OSCQueryProposal
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from genart.live.actions import ActionSpec
from genart.live.osc.addresses import STATUS, address_of, wire
from genart.params import Param

Node = dict[str, Any]
ATTRIBUTES = (
    "ACCESS", "CLIPMODE", "CONTENTS", "DESCRIPTION", "FULL_PATH", "RANGE", "TAGS", "TYPE", "UNIT",
    "VALUE",
)  # fmt: skip
READ, WRITE = 1, 2
#: Units that the protocol has names for; others are sent as they are.
_UNITS = {"s": "time.second", "Hz": "time.hz", "beats/min": "time.bpm", "deg": "angle.degree"}


class Query:
    """Answers queries about the tree.

    Args:
        tree: returns the Params by "owner.name"; called for each query.
        value: returns the value of a Param.
        status: returns the status values by name.
        actions: the actions, by address under /genart.
        host: the answer to HOST_INFO.
    """

    def __init__(
        self,
        tree: Callable[[], Mapping[str, Param[Any]]],
        value: Callable[[str], Any],
        status: Callable[[], Mapping[str, Any]],
        actions: Mapping[str, ActionSpec],
        host: Mapping[str, Any],
    ) -> None:
        self._tree, self._value, self._status = tree, value, status
        self._actions, self._host = actions, host

    def answer(self, path: str, query: str) -> tuple[int, Any]:
        """The HTTP status, and what to send as JSON.

        Args:
            path: "/genart/walk/seeds".
            query: the text after the question mark: "", "HOST_INFO" or an attribute.
        """
        asked = query.partition("&")[0].partition("=")[0]
        if asked == "HOST_INFO":
            return 200, dict(self._host)
        node = self._find(path)
        if node is None:
            return 404, {"error": f"There is no {path}."}
        if not asked:
            return 200, node
        if asked not in ATTRIBUTES:
            return 400, {"error": f"{asked} is not one of HOST_INFO, {', '.join(ATTRIBUTES)}."}
        return (200, {asked: node[asked]}) if asked in node else (204, None)

    def listenable(self, path: str) -> bool:
        """Whether a path is a Param, whose changes are sent to a client that asks for them."""
        return path in {address_of(each) for each in self._tree()}

    def _find(self, path: str) -> Node | None:
        node = self.whole()
        for part in filter(None, path.split("/")):
            node = node.get("CONTENTS", {}).get(part)
            if node is None:
                return None
        return node

    def whole(self) -> Node:
        """The whole tree."""
        root = _branch("/", "genart")
        for path, param in self._tree().items():
            leaf = described(param, self._value(path)) | {"TAGS": [path.partition(".")[0]]}
            _hang(root, address_of(path), leaf)
        for name, action in self._actions.items():
            if action.help:
                leaf = {"TYPE": action.types, "ACCESS": WRITE, "DESCRIPTION": action.help}
                _hang(root, f"/genart/{name}", leaf)
        for name, value in self._status().items():
            values = spread(value)
            leaf = {"TYPE": "".join(map(_type, values)) or "N", "ACCESS": READ, "VALUE": [*values]}
            _hang(root, f"{STATUS}{name}", leaf)
        return root


def described(param: Param[Any], value: Any) -> Node:
    """The OSCQuery description of a Param."""
    node: Node = {
        "TYPE": _type(value),
        "ACCESS": READ | WRITE,
        "VALUE": [value],
        "DESCRIPTION": param.help,
    }
    if param.unit:
        node["UNIT"] = [_UNITS.get(param.unit, param.unit)]
    if options := param.options():
        node["RANGE"] = [{"VALS": [wire(each) for each in options]}]
    elif param.min is not None or param.max is not None:
        ends = {"MIN": param.min, "MAX": param.max}
        node["RANGE"] = [{name: end for name, end in ends.items() if end is not None}]
        node["CLIPMODE"] = ["both" if len(node["RANGE"][0]) == 2 else _clip(param)]
    return node


def spread(value: Any) -> tuple[Any, ...]:
    """A status as the values of a message; other types become text."""
    values = value if isinstance(value, (list, tuple)) else (value,)
    return tuple(v if isinstance(v, (bool, int, float, str)) else str(v) for v in values)


def _clip(param: Param[Any]) -> str:
    return "high" if param.min is None else "low"


def host_info(name: str, osc: tuple[str, int] | None, web: tuple[str, int]) -> Node:
    """The answer to HOST_INFO."""
    known = ("ACCESS", "VALUE", "RANGE", "DESCRIPTION", "TAGS", "CLIPMODE", "UNIT")
    more = ("LISTEN", "PATH_CHANGED", "IGNORE")
    info: Node = {"NAME": name, "EXTENSIONS": dict.fromkeys((*known, *more), True)}
    info |= {**_reached("WS", web[0]), "WS_PORT": web[1]}
    if osc is not None:
        info |= {**_reached("OSC", osc[0]), "OSC_PORT": osc[1], "OSC_TRANSPORT": "UDP"}
    return info


def _reached(what: str, host: str) -> Node:
    """The host of a port; nothing for a port on all addresses: the client knows one already."""
    return {} if host in ("0.0.0.0", "::") else {f"{what}_IP": host}


def _type(value: Any) -> str:
    if isinstance(value, bool):
        return "T" if value else "F"
    return {int: "i", float: "f"}.get(type(value), "s")


def _branch(path: str, about: str = "") -> Node:
    return {"FULL_PATH": path, "ACCESS": 0, "DESCRIPTION": about, "CONTENTS": {}}


def _hang(root: Node, address: str, leaf: Node) -> None:
    node, parts = root, address.strip("/").split("/")
    for depth, part in enumerate(parts[:-1], 1):
        inner = node.setdefault("CONTENTS", {})  # "midi" has a value, and "midi/clock" below it
        node = inner.setdefault(part, _branch("/" + "/".join(parts[:depth])))
    contents = node.setdefault("CONTENTS", {})
    contents[parts[-1]] = {**contents.get(parts[-1], {}), "FULL_PATH": address, **leaf}
