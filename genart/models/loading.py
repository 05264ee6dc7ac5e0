"""Loads a model by its registered name, from a file, or from a URL."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genart.checkpoints.outline import outline
from genart.checkpoints.read import read_checkpoint
from genart.errors import CheckpointError, UnknownName, UsageError
from genart.files import check_writable
from genart.models.devices import pick_device
from genart.plugins import registry

if TYPE_CHECKING:
    import torch

    from genart.checkpoints.records import Checkpoint
    from genart.contracts import Generator, Reader
    from genart.progress import ProgressCallback

_SHOWN = 8  # entries of an unknown file named in the error
SUFFIXES = (".safetensors", ".pkl", ".pt", ".pth")


@dataclass(frozen=True)
class Model:
    """A model that comes with genart or with a plug-in.

    Attributes:
        name: what to write: for `load` and `--model` if it is a generator, for `stylizer` and
            `--style` if it is a stylizer; "method:model" if it is an inverter.
        kind: "generator", "stylizer" or "inverter".
        plugin: the plug-in that it belongs to.
        about: one sentence, or "".
    """

    name: str
    kind: str
    plugin: str
    about: str


def models() -> list[Model]:
    """List the models that are included: generators, stylizers and inverters, each by name."""
    generators = [
        Model(entry.name, "generator", entry.owner, entry.about)
        for entry in registry("generator").values()
    ]
    return generators + [
        Model(f"{entry.name}:{each}", kind, entry.owner, entry.about)
        for kind in ("stylizer", "inverter")
        for entry in registry(kind).values()
        if entry.spec.offers is not None
        for each in sorted(entry.spec.offers())
    ]


def load(
    source: str | Path,
    device: str | torch.device = "auto",
    *,
    progress: ProgressCallback | None = None,
    **options: Any,
) -> Generator:
    """Load a generator: `load("pomona")`, `load("network.pkl")`, `load("https://...")`.

    A registered name is looked up first; write "./name" for a file of the same name. Files are read
    as data and never executed. Downloads are kept in the cache folder.

    Args:
        source: a registered name (`genart models` lists them), a path, or an http(s) URL; a URL may
            end in "#sha256=..." to check the file.
        device: "auto", "cpu", "cuda", "cuda:1" or "mps"; auto uses CUDA, then MPS, then the CPU.
        progress: called with the bytes of a download.
        options: for a registered name, what its factory takes beside the device.

    Raises:
        UnknownName: no such model and no such file.
        UsageError: a device that is not present, or options that the model does not take.
        CheckpointError: a file that no reader knows, that is damaged, or that could not be fetched.
    """
    if not isinstance(source, str | Path):
        raise UsageError(f"A model is a name, a file or a URL, not {type(source).__name__}.")
    text = str(source)
    if text in registry("generator"):
        return _create(text, pick_device(device), options)
    if options:
        raise UsageError(f'Options {", ".join(options)} belong to registered models, not "{text}".')
    if text.startswith(("http://", "https://")):
        from genart.models.download import fetch

        where = pick_device(device)
        return load_file(fetch(text, progress=progress), where, name=_stem_of(text))
    path = Path(source).expanduser()
    if not path.is_file():
        raise _nothing_there(text, path)
    return load_file(path, device)


def as_generator(
    model: str | Path | Generator,
    device: str | torch.device = "auto",
    *,
    progress: ProgressCallback | None = None,
) -> Generator:
    """Return a generator as it is, or load the one of a name, path or URL; see `load`."""
    from genart.contracts import Generator

    return model if isinstance(model, Generator) else load(model, device, progress=progress)


def model_name(model: str | Path | Generator) -> str:
    """Return what a recipe calls a model: a generator's name, or the name, path or URL given."""
    from genart.contracts import Generator

    return model.name if isinstance(model, Generator) else str(model)


def in_aspect(model: Generator, size: tuple[int, int] | None) -> Generator:
    """Return a generator whose images have the aspect of size (h, w): itself where it has it."""
    height, width = model.resolution
    if size is None or height * size[1] == width * size[0]:
        return model
    return model.widened(size)


def load_file(path: Path, device: str | torch.device, name: str | None = None) -> Generator:
    """Load the generator in a file with the first reader that recognises it.

    Raises:
        CheckpointError: no reader does; a note outlines what is in the file.
    """
    checkpoint = read_checkpoint(path)  # first: what is refused does not wait for torch
    where = pick_device(device)
    _, reader, _ = recognise(checkpoint)
    generator = reader.load(checkpoint, name=name or path.stem, device=where)
    generator.source = path
    return generator


def recognise(checkpoint: Checkpoint) -> tuple[str, Reader, dict[str, Any]]:
    """The name of the reader for a file, that reader, and its summary; no network is built.

    Raises:
        CheckpointError: no reader knows the file; a note outlines what is in it.
    """
    readers, faults = registry("reader"), ""
    for name in readers:
        try:
            reader: Reader = readers.create(name)
            summary = reader.recognise(checkpoint)
        except CheckpointError:
            raise
        except Exception as error:  # one reader that fails must not stop the others
            faults += f' Reader "{name}" failed: {error!r}.'
            continue
        if summary is not None:
            return name, reader, summary
    known = ", ".join(readers) or "none"
    unknown = CheckpointError(
        f"{checkpoint.path} is not a model that a reader can load. Readers: {known}.{faults}"
    )
    unknown.add_note(f"It holds: {_in_short(outline(checkpoint))}")
    raise unknown


def _in_short(facts: dict[str, Any]) -> str:
    names = [f"{entry['name']} ({entry['kind']})" for entry in facts["entries"]]
    more = ", ..." if len(names) > _SHOWN else ""
    return (
        f"{facts['format']}, {facts['tensors']} tensors, {facts['parameters']} parameters; "
        f"{', '.join(names[:_SHOWN])}{more}"
    )


def convert(source: str | Path, output: str | Path, device: str = "cpu") -> dict[str, Any]:
    """Load a model from anywhere and save it in genart's format.

    Args:
        source: what `load` takes.
        output: a .safetensors file.
        device: where to load it.

    Returns:
        The file, its size in bytes, and what the model is.

    Raises:
        UsageError: another suffix, or a model that has no weights to keep.
    """
    output = Path(output)
    if output.suffix.lower() != ".safetensors":
        raise UsageError(f'Models are kept as .safetensors, not "{output.name}".')
    check_writable(output)
    generator = load(source, device)
    generator.save(output)
    return {"output": output, "bytes": output.stat().st_size, "model": facts_of(generator)}


def facts_of(generator: Generator) -> dict[str, Any]:
    """A generator's attributes, JSON-ready; resolution as [w, h]."""
    height, width = generator.resolution
    names = ("name", "z_dim", "w_dim", "num_ws", "num_classes")
    return {name: getattr(generator, name) for name in names} | {"resolution": [width, height]}


def _create(name: str, device: torch.device, options: dict[str, Any]) -> Generator:
    factory = registry("generator")[name].factory
    try:
        inspect.signature(factory).bind(device=device, **options)
    except TypeError as error:
        raise UsageError(f'Model "{name}": {error}.') from None
    generator: Generator = factory(device=device, **options)
    return generator


def _stem_of(url: str) -> str:
    return Path(url.partition("#")[0].partition("?")[0]).stem


def _nothing_there(text: str, path: Path) -> UsageError:
    if path.is_dir():
        return UsageError(f'"{text}" is a folder; name the model file in it.')
    if path.suffix.lower() in SUFFIXES or len(path.parts) > 1:
        return UsageError(f'There is no model file "{text}".')
    hint = "`genart models` lists all; a path or an http(s) URL works too."
    return UnknownName("model", text, registry("generator"), hint)
