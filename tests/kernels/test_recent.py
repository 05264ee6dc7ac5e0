"""What was made last is kept while it is little."""

from __future__ import annotations

from genart.kernels.recent import Recent

GIANT = 1 << 30


def test_the_oldest_of_many_is_made_again() -> None:
    made: list[str] = []
    recent = Recent[str](len, most=2)

    def get(key: str) -> str:
        return recent.get(key, lambda: made.append(key) or key)

    assert [get(key) for key in "abacab"] == list("abacab")
    assert made == ["a", "b", "c", "b"]


def test_of_large_ones_only_the_newest_stays() -> None:
    recent = Recent[int](lambda size: size, most=9)
    for key, size in enumerate((1, 2, GIANT, 3)):
        assert recent.get(key, lambda size=size: size) == size  # type: ignore[misc]
    assert len(recent) == 1


def test_what_grew_after_it_was_made_counts_as_it_is_now() -> None:
    sizes = {"a": 1, "b": 1}
    recent = Recent[str](sizes.__getitem__)
    for key in sizes:
        recent.get(key, lambda key=key: key)  # type: ignore[misc]
    sizes["a"] = GIANT
    recent.get("b", str)
    assert len(recent) == 1
