"""Ableton Link: two real peers, in a network of their own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import genart
from genart.plugins import registry

pytest.importorskip("link")

PROGRAM = Path(__file__).parents[1] / "support" / "link_session.py"


@pytest.fixture(scope="module")
def session() -> dict[str, Any]:
    """What the control and another peer did together."""
    apart = [shutil.which("unshare") or "unshare", "--map-root-user", "--net"]
    try:
        subprocess.run([*apart, "true"], check=True, capture_output=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        pytest.skip("no private network namespace: a real session might be joined")
    done = subprocess.run(
        [*apart, sys.executable, PROGRAM], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_it_joins_a_session_with_the_sessions_tempo(session: dict[str, Any]) -> None:
    assert session["joined"] == [1, 97.0]


def test_beats_agree_with_the_other_peers(session: dict[str, Any]) -> None:
    assert session["apart"] < 2.0, "ms"
    assert session["apart again"] < 2.0, "ms, after the tempo was changed on both sides"


def test_a_tempo_goes_both_ways(session: dict[str, Any]) -> None:
    assert session["theirs"] == pytest.approx(140, abs=0.01)
    assert session["ours"] == 131.0


def test_start_and_stop_go_both_ways_if_asked(session: dict[str, Any]) -> None:
    assert session["stopped"]
    assert session["played"]


def test_it_leaves_when_it_is_closed(session: dict[str, Any]) -> None:
    assert session["left"]


def test_it_is_a_control_by_name_and_rests_in_a_film() -> None:
    made = registry("control").create("link", source="")
    assert isinstance(made, genart.live.LiveControl)
    assert list(made.changes(1.0)) == []
    made.close()
    with pytest.raises(genart.UsageError, match="link:play"):
        registry("control").create("link", source="pley")
