"""Loads plug-ins by entry point, owns the registries, disables plug-ins that fail.

A plug-in is a module named by an entry point of the group "genart". Each is loaded separately: one
that raises on import, misspells a hook or takes a name twice is disabled as a whole, with its
reason, and everything else works.
"""

from __future__ import annotations

import inspect
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import Distribution, EntryPoint, entry_points
from types import ModuleType
from typing import Any

import pluggy

from genart import hooks
from genart.errors import PluginError, UnknownName
from genart.hooks import Spec

GROUP = "genart"
#: Hook name to the singular of what it registers, in the order of hooks.py.
KINDS = {
    name: name.removeprefix("register_").removesuffix("s")
    for name in vars(hooks)
    if name.startswith("register_")
}


@dataclass(frozen=True)
class Entry:
    """One registered factory.

    Args:
        name: what it is registered under.
        spec: the factory and what is declared about it.
        owner: the name of the plug-in that registered it.
    """

    name: str
    spec: Spec[Any]
    owner: str

    @property
    def factory(self) -> Callable[..., Any]:
        """Makes the object from keyword options."""
        return self.spec.factory

    @property
    def about(self) -> str:
        """One line for listings, or ""."""
        return self.spec.about or (inspect.getdoc(self.factory) or "").partition("\n")[0]


class Registry(Mapping[str, Entry]):
    """The named factories of one kind."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._entries: dict[str, Entry] = {}

    def __getitem__(self, name: str) -> Entry:
        if name not in self._entries:
            raise UnknownName(self.kind, name, self._entries)
        return self._entries[name]

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    def create(self, name: str, **options: Any) -> Any:
        """Call the factory called `name`; UnknownName if there is none."""
        return self[name].factory(**options)

    def _add(self, entries: Iterable[Entry]) -> None:
        self._entries.update({entry.name: entry for entry in entries})


@dataclass
class Plugin:
    """The state of one entry point.

    Attributes:
        name: the entry point's name.
        source: the module it names.
        distribution: "name version" of its package.
        provides: kind to the names it registered.
        error: why it was disabled in one line, or None.
        traceback: the traceback, or "".
    """

    name: str
    source: str
    distribution: str = ""
    provides: dict[str, list[str]] = field(default_factory=dict)
    error: str | None = None
    traceback: str = ""


class Plugins:
    """All plug-ins of this environment and the registries they filled.

    Args:
        points: the entry points to load; those of the group "genart" by default.
    """

    def __init__(self, points: Iterable[EntryPoint] | None = None) -> None:
        self.registries = {kind: Registry(kind) for kind in KINDS.values()}
        self.loaded: list[Plugin] = []
        points = list(entry_points(group=GROUP) if points is None else points)
        distributions = {id(point.dist): point.dist for point in points}
        names = {
            key: _distribution_of(each) for key, each in distributions.items()
        }  # each parsed only once
        order = lambda p: ("genart" not in names[id(p.dist)][:1], p.name, p.value)  # noqa: E731
        for point in sorted(points, key=order):
            self._load(point, " ".join(names[id(point.dist)]))

    def _load(self, point: EntryPoint, distribution: str) -> None:
        plugin = Plugin(point.name, point.value, distribution)
        self.loaded.append(plugin)
        try:
            self._fill(plugin, point.load())
        except (Exception, SystemExit) as error:
            plugin.error = " ".join(f"{type(error).__name__}: {error}".split())
            plugin.traceback = traceback.format_exc()

    def add(self, module: ModuleType | object, name: str) -> Plugin:
        """Register a module's hooks under a name, all or nothing.

        Raises:
            PluginError: a hook that matches no specification, or a name that is taken.
        """
        plugin = Plugin(name, getattr(module, "__name__", repr(module)))
        self._fill(plugin, module)
        self.loaded.append(plugin)
        return plugin

    def _fill(self, plugin: Plugin, module: object) -> None:
        self._refuse_twin(plugin)
        manager = pluggy.PluginManager(
            GROUP
        )  # one each: a plug-in that fails leaves nothing behind
        manager.add_hookspecs(hooks)
        manager.register(module, plugin.name)
        _refuse_misspelt(manager, module)
        offered = [entry for hook in KINDS for entry in self._ask(manager, plugin.name, hook)]
        for kind, entries in _by_kind(offered):
            self.registries[kind]._add(entries)
            plugin.provides[kind] = sorted(entry.name for entry in entries)

    def _refuse_twin(self, plugin: Plugin) -> None:
        for other in self.loaded:
            if other is not plugin and other.name == plugin.name and not other.error:
                whose = other.distribution or other.source
                raise PluginError(f'The plug-in name "{plugin.name}" is taken by {whose}.')

    def _ask(
        self, manager: pluggy.PluginManager, owner: str, hook: str
    ) -> Iterator[tuple[str, Entry]]:
        kind, fresh = KINDS[hook], dict[str, Entry]()

        def register(name: str, factory: Callable[..., Any] | Spec[Any]) -> None:
            spec = factory if isinstance(factory, Spec) else Spec(factory)
            if not (isinstance(name, str) and name.strip() and callable(spec.factory)):
                raise PluginError(
                    f"{hook}: register(name, factory) takes a text and a callable or a Spec."
                )
            taken = fresh.get(name) or self.registries[kind]._entries.get(name)
            if taken:
                raise PluginError(
                    f'{kind} "{name}" of plug-in "{owner}" is taken by "{taken.owner}".'
                )
            fresh[name] = Entry(name, spec, owner)

        getattr(manager.hook, hook)(register=register)
        for entry in fresh.values():
            yield kind, entry


def _refuse_misspelt(manager: pluggy.PluginManager, module: object) -> None:
    callers = manager.get_hookcallers(module) or []
    for caller in callers:
        if not caller.has_spec():
            near = UnknownName("hook", caller.name, KINDS, "docs/plugins.md lists the hooks.")
            raise PluginError(str(near))
    if not callers:
        raise PluginError(
            "It has no hooks: mark a function register_... with @genart.hookimpl; "
            "docs/plugins.md lists the hooks."
        )


def _distribution_of(distribution: Distribution | None) -> tuple[str, ...]:
    """Name and version of a distribution, or () if there is none or its metadata is broken."""
    try:
        return (distribution.name, distribution.version) if distribution else ()
    except Exception:
        return ()


def _by_kind(offered: list[tuple[str, Entry]]) -> Iterator[tuple[str, list[Entry]]]:
    for kind in KINDS.values():
        entries = [entry for of, entry in offered if of == kind]
        if entries:
            yield kind, entries


_lock = threading.RLock()
_loading = False
_plugins: Plugins | None = None


def plugins() -> Plugins:
    """The plug-ins of this environment, loaded on first use.

    Raises:
        PluginError: a plug-in asks for the registries while they are being filled.
    """
    global _plugins, _loading
    with _lock:
        if _loading:
            raise PluginError("Plug-ins are still loading: look things up inside the factory.")
        if _plugins is None:
            _loading = True
            try:
                _plugins = Plugins()
            finally:
                _loading = False
        return _plugins


def registry(kind: str) -> Registry:
    """Return the registry of one kind: a mapping from name to entry.

    Args:
        kind: "generator", "reader", "inverter", "interpolator", "stylizer", "trainer", "sink",
            "control", "command" or "benchmark". `registry("sink").create("png", ...)` calls a
            factory.

    Raises:
        UnknownName: no such kind.
    """
    registries = plugins().registries
    if kind not in registries:
        raise UnknownName("kind of plug-in", kind, registries)
    return registries[kind]


def overview(tracebacks: bool = False) -> dict[str, Any]:
    """The output of `genart plugins`: each plug-in with what it provides or why it was disabled."""
    return {
        "plugins": [
            asdict(plugin if tracebacks else replace(plugin, traceback=""))
            for plugin in plugins().loaded
        ]
    }
