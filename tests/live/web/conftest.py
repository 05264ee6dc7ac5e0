"""A performance and a browser for each module of tests of the page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from support.live_page import Night, launched, performed


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    yield from performed(tmp_path_factory.mktemp("night"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    yield from launched()
