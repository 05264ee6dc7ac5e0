"""OpenVINO and ONNX Runtime beside genart: the same network, exported once to ONNX.

Neither is needed by genart: `pip install genart[bench]` installs both. Each runs in float32 on a
CPU with as many threads as torch has, one image at a time, with its settings for low latency.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

#: The modules that exporting and running need, by the name in the table.
_NEEDED = {
    "OpenVINO": ("openvino", "onnx", "onnxscript"),
    "ONNX Runtime": ("onnxruntime", "onnx", "onnxscript"),
}


def missing_runtimes() -> list[str]:
    """The names of the runtimes that are not installed."""
    return [name for name, modules in _NEEDED.items() if not all(map(find_spec, modules))]


def other_runtimes(network: nn.Module, example: Tensor) -> dict[str, Callable[[], Tensor]]:
    """Prepare a network for every runtime that is installed.

    Args:
        network: maps one tensor to one tensor; its weights are exported as constants.
        example: the input that every call is given; shapes are fixed to its shape.

    Returns:
        By the runtime's name, a function that computes the network's output for the example.
    """
    names = [name for name in _PREPARE if name not in missing_runtimes()]
    if not names or example.device.type != "cpu":
        return {}
    threads = torch.get_num_threads()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.onnx"
        _export(network, example, path)
        return {name: _PREPARE[name](path, example, threads) for name in names}


def _export(network: nn.Module, example: Tensor, path: Path) -> None:
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the exporter's inner workings
        torch.onnx.export(network.eval(), (example,), path, dynamo=True, verbose=False)


def _openvino(path: Path, example: Tensor, threads: int) -> Callable[[], Tensor]:
    openvino: Any = import_module("openvino")

    settings = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32",
        "INFERENCE_NUM_THREADS": threads,
    }
    compiled = openvino.Core().compile_model(path, "CPU", settings)
    request = compiled.create_infer_request()
    request.set_input_tensor(openvino.Tensor(example.contiguous().numpy(), shared_memory=True))

    def run() -> Tensor:
        request.infer()
        return torch.from_numpy(request.get_output_tensor().data)

    return run


def _onnx_runtime(path: Path, example: Tensor, threads: int) -> Callable[[], Tensor]:
    onnxruntime: Any = import_module("onnxruntime")

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, ["CPUExecutionProvider"])
    given = {session.get_inputs()[0].name: example.contiguous().numpy()}

    def run() -> Tensor:
        made: Any = session.run(None, given)[0]
        return torch.from_numpy(made)

    return run


_PREPARE = {"OpenVINO": _openvino, "ONNX Runtime": _onnx_runtime}
