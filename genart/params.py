"""Param: a parameter, declared once.

The attribute is also the `-p owner.name` key, the OSC address and the slider. The declaration is
frozen and belongs to the class; the value belongs to the instance.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar, overload

from genart.errors import ParamError, UnknownName, UsageError

T = TypeVar("T")
#: Values, or a function that gives them when they are asked for, such as the names in a registry.
Values: TypeAlias = Sequence[Any] | Callable[[], Iterable[Any]]

#: How 0..1 spreads over a range. "log" needs a range above 0.
CURVES = ("linear", "log", "square")
_KINDS = {bool: "a switch", int: "a whole number", float: "a number", str: "a text"}
_SWITCHES = {"1": True, "true": True, "on": True, "yes": True}
_SWITCHES |= {"0": False, "false": False, "off": False, "no": False}


@dataclass(frozen=True)
class Param(Generic[T]):
    """The declaration of a parameter: default, range, unit, choices.

    It is written as an attribute of a class, such as a `Sketch`. Reading the attribute of an
    instance gives the value, assigning sets it.

    Args:
        default: the first value; its type is the type of the Param: bool, int, float or str.
        min: smallest value of a number, None for no limit.
        max: largest value of a number, None for no limit.
        unit: of the value: "s", "Hz", "beats".
        choices: the only values allowed; a function is called each time, and the default is then
            not checked.
        curve: how 0..1 spreads over the range: "linear", "log" or "square".
        help: one sentence for listings and the page.
        smooth: played live, a float approaches a new value with this time constant in seconds; 0
            jumps unless a fade is asked for, None always jumps. Other types always jump.
        suggest: values to suggest, besides any other; a function is called each time.
        group: the heading under which the page lists it, such as "second model".
        label: its name on the page, where the attribute alone says too little.

    Raises:
        UsageError: a default out of range, a range upside down, a curve that does not fit, or a
            time constant below 0.
    """

    default: T
    min: float | None = None
    max: float | None = None
    unit: str = ""
    choices: Values = ()
    curve: str = "linear"
    help: str = ""
    smooth: float | None = 0.06
    suggest: Values = ()
    group: str = ""
    label: str = ""
    _name: str = field(default="", init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.curve not in CURVES:
            raise UsageError(f'Curve "{self.curve}" is not one of {", ".join(CURVES)}.')
        if self.curve == "log" and not (self.min and self.min > 0 and self.max):
            raise UsageError("A log curve needs a range above 0.")
        if self.smooth is not None and not 0 <= self.smooth < math.inf:
            raise UsageError(f"A time constant is 0 s or more, not {self.smooth}.")
        low, high = self._range()
        if low > high:
            raise UsageError(f"A range runs from low to high, not from {low:g} to {high:g}.")
        for name in ("choices", "suggest"):  # frozen, and hashable
            given = getattr(self, name)
            object.__setattr__(self, name, given if callable(given) else tuple(given))
        if not callable(self.choices):  # a registry may not be filled yet
            self.check(self.default)

    def __set_name__(self, owner: type, name: str) -> None:
        object.__setattr__(self, "_name", name)

    @overload
    def __get__(self, instance: None, owner: type) -> Param[T]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> Param[T] | T:
        if instance is None:
            return self
        value: T = instance.__dict__.get(self._name, self.default)
        return value

    def __set__(self, instance: object, value: T) -> None:
        instance.__dict__[self._name] = self.check(value)

    def check(self, value: Any) -> T:
        """Return a value in the type of the Param; text is parsed.

        Raises:
            ParamError: a wrong type, NaN or infinity, out of range, or not among the choices.
        """
        typed = self._typed(value)
        if isinstance(typed, (int, float)) and not isinstance(typed, bool):
            low, high = self._range()
            if not low <= typed <= high:
                raise ParamError(f"{self._called()}{value} is outside {self.allowed()}.")
        if self.choices and typed not in (options := self.options()):
            near = difflib.get_close_matches(str(value), map(str, options), n=1)
            guess = f' Did you mean "{near[0]}"?' if near else ""
            raise ParamError(f'{self._called()}"{value}" is not one of {self.allowed()}.{guess}')
        return typed

    def options(self) -> tuple[Any, ...]:
        """Return the only values allowed, in order; () if any value is."""
        return _given(self.choices)

    def suggestions(self) -> tuple[Any, ...]:
        """Return the values to suggest, in order."""
        return _given(self.suggest)

    def clamp(self, value: Any) -> T:
        """Like `check`, but a number out of range becomes the nearest limit, as over OSC."""
        typed = self._typed(value)
        if isinstance(typed, (int, float)) and not (isinstance(typed, bool) or self.choices):
            low, high = self._range()
            return type(self.default)(min(max(typed, low), high))  # type: ignore[call-arg]
        return self.check(typed)

    def from_norm(self, x: float) -> T:
        """Return the value at a position of the range, along the curve; choices are spread evenly.

        Args:
            x: 0..1; outside it is clamped.

        Raises:
            ParamError: x is not a number, or the Param has no range.
        """
        if math.isnan(x):
            raise ParamError(f"{self._called()}a position is 0..1, not NaN.")
        x = min(max(float(x), 0.0), 1.0)
        if options := self.options():
            chosen: T = options[min(int(x * len(options)), len(options) - 1)]
            return chosen
        if isinstance(self.default, bool):
            return self._typed(x >= 0.5)
        low, high = self._bounded()
        if self.curve == "log":
            return self.clamp(low * (high / low) ** x)  # rounding may leave the range by a hair
        return self.clamp(low + (high - low) * (x * x if self.curve == "square" else x))

    def to_norm(self, value: Any) -> float:
        """Return the position 0..1 of a value, the inverse of `from_norm`.

        Raises:
            ParamError: a wrong type, or the Param has no range.
        """
        typed: Any = self.clamp(value)
        if options := self.options():
            return options.index(typed) / max(len(options) - 1, 1)
        if isinstance(typed, bool):
            return float(typed)
        low, high = self._bounded()
        if high == low:
            return 0.0
        if self.curve == "log":
            return math.log(typed / low) / math.log(high / low)
        x = (typed - low) / (high - low)
        return float(math.sqrt(x)) if self.curve == "square" else float(x)

    def allowed(self) -> str:
        """Return in words what may be set."""
        if options := self.options():
            return ", ".join(map(str, options))
        unit = f" {self.unit}" if self.unit else ""
        low, high = self._range()
        if math.isinf(low) and math.isinf(high):
            return f"any {type(self.default).__name__}{unit}"
        return f"{low:g}..{high:g}{unit}"

    def _called(self) -> str:
        return f"{self._name}: " if self._name else ""

    def _range(self) -> tuple[float, float]:
        return (
            -math.inf if self.min is None else self.min,
            math.inf if self.max is None else self.max,
        )

    def _bounded(self) -> tuple[float, float]:
        if self.min is None or self.max is None or isinstance(self.default, str):
            raise ParamError(f"{self._called()}has no range, so no position 0..1.")
        return self.min, self.max

    def _typed(self, value: Any) -> T:
        kind = type(self.default)
        try:
            typed = _convert(value, kind)
        except (TypeError, ValueError, OverflowError):
            raise ParamError(
                f"{self._called()}{value!r} is not {_KINDS[kind]}; allowed: {self.allowed()}."
            ) from None
        return typed  # type: ignore[no-any-return]


def _given(values: Values) -> tuple[Any, ...]:
    return tuple(values()) if callable(values) else tuple(values)


def _convert(value: Any, kind: type) -> Any:
    if kind is bool:
        if isinstance(value, str):
            return _switch(value)
        if value in (0, 1):
            return bool(value)
        raise ValueError
    if kind is str:
        if not isinstance(value, str):
            raise TypeError
        return value
    if isinstance(value, bool):
        value = int(value)
    if kind is int and isinstance(value, int):
        return value  # exact, where a float would round it
    number = float(value)
    if not math.isfinite(number):
        raise ValueError
    return round(number) if kind is int else number


def _switch(text: str) -> bool:
    if text.lower() not in _SWITCHES:
        raise ValueError
    return _SWITCHES[text.lower()]


def params_of(owner: object | type) -> dict[str, Param[Any]]:
    """Return the Params that an object or class declares, base classes first, in order.

    A subclass that gives the name to anything else removes the Param.
    """
    cls = owner if isinstance(owner, type) else type(owner)
    found: dict[str, Param[Any]] = {}
    for base in reversed(cls.__mro__):
        for name, value in vars(base).items():
            if isinstance(value, Param):
                found[name] = value
            else:
                found.pop(name, None)
    return found | (owner.dynamic_params if isinstance(owner, DynamicParams) else {})


class DynamicParams:
    """Holds the values of Params that a file or a text names, such as one per direction.

    A subclass may declare more Params in its body. Values are set and read like those of any
    Param: `owner.smile = 0.5`.

    Args:
        params: the Params by name.

    Attributes:
        dynamic_params: the same.
    """

    dynamic_params: dict[str, Param[Any]]

    def __init__(self, params: Mapping[str, Param[Any]]) -> None:
        vars(self)["dynamic_params"] = dict(params)
        for name, param in params.items():
            param.__set_name__(type(self), name)

    def __getattr__(self, name: str) -> Any:
        declared = vars(self).get("dynamic_params", {})
        if name not in declared:
            raise AttributeError(f'{type(self).__name__} has no "{name}".')
        return declared[name].default

    def __setattr__(self, name: str, value: Any) -> None:
        param = self.dynamic_params.get(name)
        if param is None:
            super().__setattr__(name, value)
        else:
            vars(self)[name] = param.check(value)


class ParamTree(Mapping[str, Param[Any]]):
    """Every Param of a running sketch under "owner.name".

    Args:
        owners: owner name ("sketch", "walk", "model" ...) to the object that holds the values.
    """

    def __init__(self, owners: Mapping[str, object]) -> None:
        self.owners = dict(owners)
        self._params = {
            f"{owner}.{name}": param
            for owner, holder in self.owners.items()
            for name, param in params_of(holder).items()
        }

    def __getitem__(self, path: str) -> Param[Any]:
        if path not in self._params:
            raise UnknownName("parameter", path, self._params, "`genart params SKETCH` lists all.")
        return self._params[path]

    def __contains__(self, path: object) -> bool:
        return path in self._params

    def __iter__(self) -> Iterator[str]:
        return iter(self._params)

    def __len__(self) -> int:
        return len(self._params)

    def value(self, path: str) -> Any:
        """The value now; UnknownName if there is no such Param."""
        self[path]
        owner, name = path.split(".", 1)
        return getattr(self.owners[owner], name)

    def set(self, path: str, value: Any) -> None:
        """Set a value; raises UnknownName or ParamError."""
        self[path]
        owner, name = path.split(".", 1)
        try:
            setattr(self.owners[owner], name, value)
        except ParamError as error:
            full = str(error).removeprefix(f"{name}: ")
            raise ParamError(f"{path}: {full}") from error.__cause__

    def assign(self, path: str, value: Any) -> None:
        """Set a value that was checked where it came in; UnknownName if there is no such Param.

        `set` is for unchecked values.
        """
        self[path]
        owner, name = path.split(".", 1)
        vars(self.owners[owner])[name] = value

    def assigned(self) -> dict[str, Any]:
        """Return the values that were set, by path; those that are defaults still are left out."""
        return {
            path: self.value(path)
            for path, (owner, name) in ((path, path.split(".", 1)) for path in self)
            if name in vars(self.owners[owner])
        }

    def values_now(self) -> dict[str, Any]:
        """Every value now, by path: what a recipe or a cue keeps."""
        return {path: self.value(path) for path in self}
