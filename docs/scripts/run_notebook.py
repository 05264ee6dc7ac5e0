"""Runs a notebook and stores what its cells show: python docs/scripts/run_notebook.py FILE.ipynb.

It needs IPython, but no kernel and no server.
"""

from __future__ import annotations

import base64
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output


def run(notebook: dict[str, Any]) -> dict[str, Any]:
    """Run every code cell of a notebook, in a new folder.

    Returns:
        The notebook with the outputs.

    Raises:
        RuntimeError: a cell failed; the message has its number and the error.
    """
    shell = InteractiveShell.instance()
    home = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            cells = [_run(shell, n, cell) for n, cell in enumerate(notebook["cells"])]
        finally:
            os.chdir(home)
    return {**notebook, "cells": cells}


def _run(shell: InteractiveShell, number: int, cell: dict[str, Any]) -> dict[str, Any]:
    """One cell with its outputs; text cells stay as they are."""
    if cell["cell_type"] != "code":
        return cell
    with capture_output() as printed:
        done = shell.run_cell("".join(cell["source"]))
    if not done.success:
        raise RuntimeError(f"cell {number}: {done.error_before_exec or done.error_in_exec!r}")
    shown = [] if done.result is None else [_shown(shell, done.result)]
    if printed.stdout and done.result is None:
        shown.insert(0, {"output_type": "stream", "name": "stdout", "text": printed.stdout})
    return {**cell, "execution_count": None, "outputs": shown}


def _shown(shell: InteractiveShell, value: Any) -> dict[str, Any]:
    """What a notebook shows of a value."""
    data, metadata = shell.display_formatter.format(value)
    encoded = {
        kind: base64.b64encode(each).decode() if isinstance(each, bytes) else each
        for kind, each in data.items()
    }
    if len(encoded) > 1:  # the text would only repeat it
        encoded["text/plain"] = encoded["text/plain"].partition("\n")[0][:200]
    return {
        "output_type": "execute_result", "execution_count": None,
        "data": encoded, "metadata": metadata,
    }  # fmt: skip


if __name__ == "__main__":
    path = Path(sys.argv[1])
    made = run(json.loads(path.read_text("utf-8")))
    path.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", "utf-8")
