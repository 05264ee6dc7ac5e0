"""Address patterns of OSC."""

from __future__ import annotations

import pytest

from genart.osc.codec import OscError
from genart.osc.patterns import is_pattern, matching

ADDRESSES = ["/a/red", "/a/blue", "/a/b/red", "/x1/y", "/x2/y", "/x-/y"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("/a/red", ["/a/red"]),
        ("/a/*", ["/a/red", "/a/blue"]),
        ("/*/red", ["/a/red"]),
        ("/a/r?d", ["/a/red"]),
        ("/a/r?", []),
        ("/a/{red,blue}", ["/a/red", "/a/blue"]),
        ("/a/{re,r}d", ["/a/red"]),
        ("/x[0-9]/y", ["/x1/y", "/x2/y"]),
        ("/x[!0-1]/y", ["/x2/y", "/x-/y"]),
        ("/x[12]/y", ["/x1/y", "/x2/y"]),
        ("/x[3-1]/y", ["/x1/y", "/x2/y"]),
        ("/x[2-]/y", ["/x2/y", "/x-/y"]),
        ("//red", ["/a/red", "/a/b/red"]),
        ("/a//red", ["/a/red", "/a/b/red"]),
        ("/*e*", []),
        ("/a/*e*", ["/a/red", "/a/blue"]),
        ("/a/**d", ["/a/red"]),
        ("/a/red/", []),
        ("/A/red", []),
    ],
)
def test_a_pattern_stands_for(pattern: str, found: list[str]) -> None:
    assert matching(pattern, ADDRESSES) == found


@pytest.mark.parametrize("pattern", ["/a/[bc", "/a/{b,c", "/" + "a" * 300])
def test_a_broken_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(OscError):
        matching(pattern, ADDRESSES)


def test_the_killer_with_twenty_stars_is_no_trouble() -> None:
    address = "/" + "a" * 200
    assert matching("/" + "*a" * 20 + "b", [address] * 50) == []
    assert matching("/" + "*a" * 20, [address]) == [address]
    assert matching("/" + "*" * 200, [address]) == [address]


def test_plain_addresses_are_no_patterns() -> None:
    assert not is_pattern("/genart/model/truncation")
    assert all(map(is_pattern, ["/a/*", "/a?", "/[ab]", "/{a}", "//a"]))
