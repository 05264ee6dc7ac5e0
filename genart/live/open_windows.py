"""The windows of a performance, one on each screen, and their keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from genart.contracts import Sink
from genart.live.display.monitors import NoWindow
from genart.live.display.window import Key, Window

if TYPE_CHECKING:
    from genart.live.osc.service import OscService
    from genart.live.performance import Live

_SOURCE = "window"


def open_windows(
    live: Live,
    control: OscService,
    screen: int | Sequence[int] | None,
    *,
    vsync: bool = True,
    tell: Callable[[str], None],
    **look: bool,
) -> list[Sink]:
    """Open a window on each screen asked for, or none if there is no display.

    Args:
        live: the performance they show.
        control: what their keys use.
        screen: which screen, from 1, or several; None leaves it to the system.
        vsync: whether the first window waits for its screen; if all did, they would wait one
            after the other.
        tell: called with where to see the image if there is no display.
        look: fullscreen and fill, see `Window`.

    Raises:
        UsageError: no such screen.
    """
    screens: list[int | None] = [*screen] if isinstance(screen, Sequence) else [screen]
    made: list[Sink] = []
    try:
        for number, each in enumerate(screens or [None], 1):
            where = f"{_SOURCE} {number}" if number > 1 else _SOURCE
            window = Window(
                f"genart {type(live.sketch).__name__}", live.size, screen=each,
                vsync=vsync and not made, keys=window_keys(live, control), closed=live.stop,
                notes=lambda: _notes(live), failed=_reporter(live, where),
                settled=_settler(live, where), **look,
            )  # fmt: skip
            made.append(window)
    except NoWindow as error:
        tell(f"{error} Open the page to see the image, or use --headless.")
    except BaseException:
        for sink in made:
            sink.close()
        raise
    return made


def window_keys(live: Live, control: OscService) -> dict[str, Key]:
    """The action of each key of a window."""

    def switch(path: str) -> Callable[[], Any]:
        return lambda: live.store.put(path, not live.store.current(path), _SOURCE)

    def act(address: str, *args: Any) -> Callable[[], Any]:
        return lambda: control.actions.run(address, args, _SOURCE)

    def record() -> None:
        act("record/stop" if live.recorder.recording else "record/start")()

    def cue(number: int) -> Callable[[], Any]:
        def recall() -> None:
            if number <= len(names := control.cues.names):
                act("cue/recall", names[number - 1])()

        return recall

    return {
        " ": Key("play or pause", switch("transport.play")),
        "b": Key("blackout", switch("output.blackout")),
        "f": Key("freeze", switch("output.freeze")),
        "t": Key("tap the tempo", act("tempo/tap")),
        "n": Key("next cue", act("cue/next")),
        "l": Key("learn the Param changed last", act("learn")),
        **{str(k): Key("recall the first nine cues", cue(k)) for k in range(1, 10)},
        "r": Key("start or stop recording", record),
    }


def _notes(live: Live) -> list[str]:
    status = live.status()
    recording = ["recording"] if status["recording"] else []
    return [f"{status['fps']:.1f} fps", *recording, *live.faults.lately()]


def _reporter(live: Live, where: str) -> Callable[[BaseException | str], None]:
    return lambda what: live.faults.add(where, what)


def _settler(live: Live, where: str) -> Callable[[], None]:
    return lambda: live.faults.settle(where)
