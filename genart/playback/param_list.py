"""Lists every Param of a sketch, for `genart params` and the page about Params."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genart.params import Param
from genart.playback.settings import Settings
from genart.playback.sketch import Sketch, load_sketch


@dataclass(frozen=True)
class ParamInfo:
    """What there is to know of one Param.

    Attributes:
        path: "owner.name".
        kind: "float", "int", "bool" or "str".
        default: the value that a sketch begins with.
        min: smallest value, or None.
        max: largest value, or None.
        unit: of the value, or "".
        choices: the only values allowed, or ().
        curve: how 0..1 spreads over the range: "linear", "log" or "square".
        help: one sentence.
    """

    path: str
    kind: str
    default: Any
    min: float | None
    max: float | None
    unit: str
    choices: tuple[Any, ...]
    curve: str
    help: str

    @classmethod
    def of(cls, path: str, param: Param[Any], value: Any) -> ParamInfo:
        """The information of a declaration; `value` is what it begins with."""
        kind, choices = type(param.default).__name__, param.options()
        return cls(
            path, kind, value, param.min, param.max, param.unit, choices, param.curve, param.help
        )

    @property
    def allowed(self) -> str:
        """What may be set, in a few words."""
        if self.choices or self.kind == "bool":
            return " | ".join(map(str, self.choices or ("true", "false")))
        unit = f" {self.unit}" if self.unit else ""
        if self.kind == "str":
            return "text"
        low = "" if self.min is None else f"{self.min:.10g}"
        high = "" if self.max is None else f"{self.max:.10g}"
        return f"{low}..{high}{unit}" if low or high else f"any {self.kind}{unit}"


def list_params(
    sketch: str | Path | type[Sketch] | None = None, values: Mapping[str, Any] | None = None
) -> list[ParamInfo]:
    """List the Params of a sketch: its own, and those that every sketch has.

    Args:
        sketch: the name of a sketch, a .py file, or a Sketch class; None lists what every sketch
            has.
        values: values by "owner.name". Bends, edit directions and stylizers have Params of their
            own, which are listed if they are set here: {"style.chain": "fast:great_wave"}.

    Returns:
        One ParamInfo for each Param; owners are in the order of the settings, names in the order
        of their declaration.

    Raises:
        UnknownName: no such sketch or Param.
        ParamError: a value that its Param does not take.
        SketchError: a sketch file that cannot be run.
    """
    if sketch is None:
        tree = Settings(values).tree()
    else:
        cls = sketch if isinstance(sketch, type) else load_sketch(sketch)
        made = cls()
        tree = Settings({**cls.defaults, **(values or {})}, made).tree(made)
    return [ParamInfo.of(path, tree[path], tree.value(path)) for path in tree]
