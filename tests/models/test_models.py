"""Loading: by name, from files, from a server; devices; what is refused, and the messages."""

from __future__ import annotations

import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

import genart
from genart.checkpoints import Checkpoint
from genart.files import cache_folder
from genart.hooks import Spec
from genart.models.download import fetch
from genart.models.loading import convert, models, recognise
from genart.plugins import Entry, registry
from genart.progress import Progress


class Shelf(genart.Generator):
    """A generator that remembers how it was made."""

    z_dim = w_dim = 4
    num_ws, num_classes, resolution = 1, 0, (2, 2)

    def __init__(self, name: str, device: torch.device, weight: torch.Tensor) -> None:
        self.name, self.device, self.weight = name, device, weight

    def map(self, latent: Any, truncation: float = 1.0, cutoff: int | None = None) -> Any:
        return latent

    def __call__(self, latent: Any, **settings: Any) -> torch.Tensor:
        return self.weight.expand(len(latent), 3, 2, 2)

    def save(self, path: Path) -> None:
        genart.checkpoints.write_safetensors(path, {"shelf": self.weight}, {"genart": "shelf"})


class ShelfReader:
    """Reads what Shelf saves."""

    def recognise(self, checkpoint: Checkpoint) -> dict[str, Any] | None:
        if not isinstance(checkpoint.tree, dict) or "shelf" not in checkpoint.tree:
            return None
        return {"kind": "shelf", "architecture": "one number"}

    def load(self, checkpoint: Checkpoint, *, name: str, device: torch.device) -> Shelf:
        return Shelf(name, device, checkpoint.tree["shelf"].to(device))


class Faulty(ShelfReader):
    def recognise(self, checkpoint: Checkpoint) -> dict[str, Any] | None:
        raise KeyError("a bug of the reader's own")


@pytest.fixture(autouse=True)
def shelf_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two readers more: one that works and, asked before it, one that fails."""
    readers = dict(registry("reader")._entries)
    readers |= {
        "a-faulty": Entry("a-faulty", Spec(Faulty), "test"),
        "shelf": Entry("shelf", Spec(ShelfReader), "test"),
    }
    monkeypatch.setattr(registry("reader"), "_entries", readers)


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    path = tmp_path / "fruit.safetensors"
    Shelf("fruit", torch.device("cpu"), torch.tensor(0.5)).save(path)
    return path


def test_a_registered_name_gives_its_generator_with_options() -> None:
    model = genart.load("plasma", device="cpu", resolution=(16, 32))
    assert (model.name, model.resolution, model.device) == ("plasma", (16, 32), torch.device("cpu"))


def test_a_file_is_read_by_the_reader_that_knows_it(shelf: Path) -> None:
    for source in (shelf, str(shelf)):
        model = genart.load(source, device="cpu")
        assert isinstance(model, Shelf)
        assert (model.name, float(model.weight)) == ("fruit", 0.5)


def test_a_name_goes_before_a_file_of_that_name(
    shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.rename(shelf.with_name("plasma"))
    monkeypatch.chdir(shelf.parent)
    assert not isinstance(genart.load("plasma", device="cpu"), Shelf)
    assert isinstance(genart.load("./plasma", device="cpu"), Shelf)


@pytest.mark.parametrize(
    ("source", "error", "says"),
    [
        ("plasme", genart.errors.UnknownName, 'Did you mean "plasma"'),
        ("none.pkl", genart.UsageError, 'no model file "none.pkl"'),
        ("folder/none", genart.UsageError, "no model file"),
        (".", genart.UsageError, "is a folder"),
    ],
)
def test_what_is_not_there_is_reported(source: str, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        genart.load(source, device="cpu")


def test_options_that_do_not_belong_are_refused(shelf: Path) -> None:
    with pytest.raises(genart.UsageError, match="unexpected keyword argument 'resolutoin'"):
        genart.load("plasma", device="cpu", resolutoin=3)
    with pytest.raises(genart.UsageError, match="belong to registered models"):
        genart.load(shelf, device="cpu", resolution=3)


def test_a_file_nobody_knows_is_outlined_and_the_readers_are_named(tmp_path: Path) -> None:
    path = tmp_path / "odd.safetensors"
    genart.checkpoints.write_safetensors(path, {"conv.weight": torch.zeros(2, 3)}, {})
    with pytest.raises(genart.errors.CheckpointError) as caught:
        genart.load(path, device="cpu")
    assert "\n" not in str(caught.value)
    assert "shelf" in str(caught.value)
    assert 'Reader "a-faulty" failed: KeyError' in str(caught.value)
    assert "1 tensors, 6 parameters; conv.weight (tensor (2, 3))" in caught.value.__notes__[0]


def test_recognising_builds_no_network(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ShelfReader, "load", None)
    name, _, summary = recognise(genart.checkpoints.read_checkpoint(shelf))
    assert (name, summary["kind"]) == ("shelf", "shelf")


def test_converting_keeps_the_weights_and_says_what_it_kept(shelf: Path, tmp_path: Path) -> None:
    kept = convert(shelf, tmp_path / "again.safetensors")
    assert kept["bytes"] == (tmp_path / "again.safetensors").stat().st_size
    assert kept["model"]["resolution"] == [2, 2]
    assert float(genart.load(tmp_path / "again.safetensors", device="cpu").weight) == 0.5  # type: ignore[attr-defined]
    with pytest.raises(genart.UsageError, match="no weights to save"):
        convert("plasma", tmp_path / "plasma.safetensors")
    with pytest.raises(genart.UsageError, match=r"\.safetensors"):
        convert(shelf, tmp_path / "again.pkl")


def test_models_lists_what_loads_by_name() -> None:
    listed = {model.name: model for model in models()}
    assert listed["plasma"].plugin == "plasma"
    assert all(model.about for model in listed.values())
    shipped = {"pomona", "fast:great_wave", "cyclegan:fruit_watercolour", "encoder:pomona"}
    assert shipped <= listed.keys()
    for kind in ("generator", "stylizer", "inverter"):
        names = [model.name for model in listed.values() if model.kind == kind]
        assert names == sorted(names) != []


@pytest.mark.parametrize(
    ("cuda", "mps", "best"), [(0, False, "cpu"), (0, True, "mps"), (2, True, "cuda")]
)
def test_auto_takes_the_fastest_device_present(
    monkeypatch: pytest.MonkeyPatch, cuda: int, mps: bool, best: str
) -> None:
    machine(monkeypatch, cuda, mps)
    assert genart.models.pick_device("auto").type == best
    assert genart.models.pick_device("cpu").type == "cpu"


def test_a_device_that_is_absent_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, 1, False)
    assert genart.models.pick_device(torch.device("cuda", 0)).index == 0
    with pytest.raises(genart.UsageError, match='no device "cuda:1" here; present: cpu, cuda'):
        genart.models.pick_device("cuda:1")
    with pytest.raises(genart.UsageError, match='no device "mps" here'):
        genart.models.pick_device("mps")
    for nonsense in ("gpu", "meta", "xla", "cpu:x"):
        with pytest.raises(genart.UsageError, match="not one of auto, cpu, cuda, mps"):
            genart.models.pick_device(nonsense)


def machine(monkeypatch: pytest.MonkeyPatch, cuda: int, mps: bool) -> None:
    """Pretend to have this many CUDA devices, and MPS or not."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)


@pytest.fixture
def server(shelf: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """A server on this machine that counts its requests and misbehaves where asked."""
    data, asked = shelf.read_bytes(), list[str]()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            answer = {"/gone.pkl": 404, "/away.pkl": 302, "/ftp.pkl": 302}.get(self.path, 200)
            self.send_response(answer)
            if answer == 302:
                target = "/fruit.safetensors" if "away" in self.path else "ftp://127.0.0.1/x"
                self.send_header("Location", target)
            short = 10 if self.path == "/short.pkl" else 0
            length = (1 << 40) if self.path == "/huge.pkl" else len(data)
            if self.path != "/endless.pkl":
                self.send_header("Content-Length", str(length if answer == 200 else 0))
            self.end_headers()
            if answer == 200:
                self.wfile.write(data[: len(data) - short])

        def log_message(self, *args: object) -> None: ...

    monkeypatch.setenv("GENART_CACHE", str(tmp_path / "cache"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01}).start()
        base = f"http://127.0.0.1:{httpd.server_port}"
        yield SimpleNamespace(base=base, asked=asked, data=data)
        httpd.shutdown()


def cached(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "cache" / "models").iterdir())


def test_a_url_is_fetched_once_and_then_kept(server: Any, tmp_path: Path) -> None:
    told: list[Progress] = []
    url = f"{server.base}/fruit.safetensors?download=1"
    for _ in range(2):
        model = genart.load(url, device="cpu", progress=told.append)
        assert (model.name, float(model.weight)) == ("fruit", 0.5)  # type: ignore[attr-defined]
    assert len(server.asked) == 1
    assert (told[-1].done, told[-1].total, told[-1].unit) == (
        len(server.data),
        len(server.data),
        "B",
    )
    (name,) = cached(tmp_path)
    assert hashlib.sha256(server.data).hexdigest()[:16] in name
    assert name.endswith("fruit.safetensors")


def test_a_redirect_is_followed_but_not_out_of_http(server: Any, tmp_path: Path) -> None:
    assert fetch(f"{server.base}/away.pkl").read_bytes() == server.data
    with pytest.raises(genart.errors.CheckpointError, match=r"Could not fetch .*ftp"):
        fetch(f"{server.base}/ftp.pkl")


def test_a_checksum_holds_the_file_to_its_word(server: Any, tmp_path: Path) -> None:
    digest = hashlib.sha256(server.data).hexdigest()
    assert fetch(f"{server.base}/fruit.safetensors#sha256={digest}").is_file()
    with pytest.raises(genart.errors.CheckpointError, match=f"has sha256 {digest}, not 0000"):
        fetch(f"{server.base}/fruit.safetensors#sha256={'0' * 64}")
    with pytest.raises(genart.UsageError, match="64 digits"):
        fetch(f"{server.base}/fruit.safetensors#sha256=12")
    assert len(cached(tmp_path)) == 1


@pytest.mark.parametrize(
    ("name", "limit", "says"),
    [
        ("gone.pkl", 1 << 20, "Not Found"),
        ("short.pkl", 1 << 20, "stopped at|IncompleteRead"),
        ("fruit.safetensors", 20, "larger than the limit of 20 bytes"),
        ("huge.pkl", 1 << 30, "larger than the limit"),
        ("endless.pkl", 20, "larger than the limit of 20 bytes"),
    ],
)
def test_a_failed_download_leaves_nothing(
    server: Any, tmp_path: Path, name: str, limit: int, says: str
) -> None:
    with pytest.raises(genart.errors.CheckpointError, match=says):
        fetch(f"{server.base}/{name}", limit=limit)
    assert cached(tmp_path) == []


def test_a_server_that_is_not_there_is_reported(server: Any, tmp_path: Path) -> None:
    with pytest.raises(
        genart.errors.CheckpointError, match=r"Could not fetch http://127\.0\.0\.1:1/x"
    ):
        fetch("http://127.0.0.1:1/x.pkl", timeout=5)


def test_a_url_cannot_choose_where_its_file_goes(server: Any, tmp_path: Path) -> None:
    kept = fetch(f"{server.base}/..%2F..%2Fescape%00%20x.pkl")
    assert kept.parent == cache_folder() / "models"


def test_the_cache_lies_where_the_platform_keeps_caches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GENART_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    monkeypatch.setattr("sys.platform", "linux")
    assert cache_folder() == Path("/somewhere/genart")
    monkeypatch.setattr("sys.platform", "darwin")
    assert cache_folder().parts[-3:] == ("Library", "Caches", "genart")
