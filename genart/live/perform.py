"""genart.perform: a performance with OSC, the page, windows, outputs and recording."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from genart.contracts import Control, Sink
from genart.errors import UsageError
from genart.live.actions import TOKEN
from genart.live.cues import Cues
from genart.live.factories import make_controls, make_outputs
from genart.live.osc.addresses import ROOT
from genart.live.osc.feedback import parse_peer
from genart.live.osc.service import OscService
from genart.live.outputs.video_recorder import check
from genart.live.outputs.worker import OutputWorker
from genart.live.performance import Live
from genart.live.permissions import Permissions
from genart.live.report import LiveReport
from genart.live.show_recorder import load_models, start_show_recorder
from genart.live.sketch_choice import SketchChoice
from genart.live.web.server import Web
from genart.live.web.status import PageStatus
from genart.playback.show import Show
from genart.playback.show_replay import ReplayedShow, prepare_show
from genart.playback.sketch import Sketch
from genart.web.mdns import Advertisement, can_advertise

T = TypeVar("T")
COMMAND_LINE = "command line"  # the source of its actions
OSC, WEB, MAPPING = "127.0.0.1:9000", "127.0.0.1:8000", "mapping.toml"
_CLOSE = 1.0  # seconds to wait until the show is on the disk


def perform(
    sketch: str | Path | type[Sketch] | None = None,
    *,
    osc: str | None = None,
    feedback: str | Sequence[str] = (),
    web: str | None = None,
    token: str = "",
    window: bool = False,
    screen: int | Sequence[int] | None = None,
    fullscreen: bool = False,
    fill: bool = False,
    vsync: bool = True,
    record: str | Path | None = None,
    record_show: str | Path | None = None,
    show: str | Path | Show | None = None,
    cues: str | Path | None = "cues.json",
    mapping: str | Path | None = MAPPING,
    precision: str | None = None,
    sinks: Sequence[str | Sink] = (),
    controls: Sequence[str | Control] = (),
    tell: Callable[[str], None] = lambda line: None,
    **words: Any,
) -> LiveReport:
    """Play a sketch live until the time is over, the window is closed, or Ctrl-C.

    Args:
        sketch: a shipped sketch's name, a .py file, or a Sketch class; the show's, or drift.
        osc: "HOST:PORT" to listen on; 127.0.0.1:9000, or a free port if that is taken. On an
            address that other machines can reach, senders need the token.
        feedback: "HOST:PORT" of each OSC program that receives every change.
        web: "HOST:PORT" of the page; 127.0.0.1:8000, or a free port if that is taken. On an
            address that other machines can reach, everything it serves needs the token.
        token: the token, at least 8 characters; a random one, printed at the start, if it is empty.
        window: whether to show a window; without a display that is reported instead.
        screen: which screen, from 1; several give a window on each.
        fullscreen: whether windows start in full screen.
        fill: whether the image fills a window and is cropped, instead of being shown whole.
        vsync: whether windows wait for their screen's refresh, so that no frame is torn.
        record: a film to record, .mp4, .mkv or .mov. A file of that name is kept: the recording
            is then called "night-2.mp4".
        record_show: a .jsonl file that records every change of a Param with its time; a free name
            is used in the same way.
        show: a show to replay with its settings; arguments given here replace them.
        cues: the file of cues; None keeps them in memory.
        mapping: a TOML file that maps MIDI, other OSC addresses and LFOs to Params; it is created
            when something is learned. None keeps in memory what is learned.
        precision: what the network computes in: "auto", "float32" or "half".
        sinks: other outputs of the frames, by name ("ndi:genart", "srt://host:9999") or as sinks;
            each has its own thread and gets the newest frame.
        controls: other sources of changes, by name ("midi:Launch Control", "link") or as Controls.
        tell: called with one line for each address, and for each new kind of fault.
        words: model, size, fps, seconds, params, style, seed, device, blend, hold_fps, profile:
            see `Live`.

    Returns:
        The report of the performance.

    Raises:
        UsageError: a wrong argument, or an address that cannot be bound.
        SketchError: a sketch file that cannot be run.
        CheckpointError: a model that cannot be used.
    """
    permissions = Permissions(token)
    if record is not None:
        check(Path(record))
    if precision is not None:
        words["params"] = {"model.precision": precision, **(words.get("params") or {})}
    if show is not None:
        start = prepare_show(show, sketch)
        sketch, controls = start.sketch, [start.show, *controls]
        words = _begun_as(start, words)
    live = Live("drift" if sketch is None else sketch, tell=tell, **words)
    live.console.lfos = show is None  # a show contains what the LFOs changed
    live.store.permissions = permissions
    outputs: list[OutputWorker] = []
    try:
        played = make_controls(controls, live.faults)
        load_models(live, played)
        outputs = make_outputs(sinks, live.faults, fps=live.fps, size=live.size)
        control, page = _surround(
            live, sketch or "drift", osc=osc, feedback=feedback, web=web, cues=cues,
            mapping=mapping, tell=tell, outputs=outputs,
        )  # fmt: skip
        shown: list[Sink] = [page.preview]
        if window:
            from genart.live.open_windows import open_windows  # needs glfw and OpenGL

            shown += open_windows(
                live, control, screen, fullscreen=fullscreen, fill=fill, vsync=vsync, tell=tell
            )
        writer = None if record_show is None else start_show_recorder(live, record_show)
        if record is not None:
            live.console.actions.run("record/start", (Path(record),), COMMAND_LINE)
    except BaseException:
        for output in outputs:
            output.close()
        live.close()
        raise
    report = live.run([*shown, *outputs], [live.console.tempo, *played])
    if writer is not None:
        end = partial(writer.close, live.engine_clock.seconds())
        live.supervisor.together({"show": end}, _CLOSE)
    return report


def _begun_as(start: ReplayedShow, words: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of `Live` with what a show began with and that is not given."""
    header, values = start.show.header, dict(start.values)
    given = {name: word for name, word in words.items() if word is not None}
    if "style" in given:
        values.pop("style.chain", None)
    begun = {"model": header.model, "seed": header.seed, "fps": header.fps, "size": header.size}
    params = {**values, **given.get("params", {})}
    return {**begun, "seconds": start.seconds, **given, "params": params}


def _surround(
    live: Live,
    sketch: str | Path | type[Sketch],
    *,
    osc: str | None,
    feedback: str | Sequence[str],
    web: str | None,
    cues: str | Path | None,
    mapping: str | Path | None,
    tell: Callable[[str], None],
    outputs: Sequence[OutputWorker],
) -> tuple[OscService, Web]:
    """Add OSC, the page, the mapping and the cues to a performance."""
    cue_list, console = Cues(live.store, cues, live.faults), live.console
    tempo, bindings = console.tempo, console.mapping
    choice = SketchChoice(live, sketch)
    console.actions.add(choice.actions())
    peers = [parse_peer(each) for each in ([feedback] if isinstance(feedback, str) else feedback)]

    def listen(host: str, port: int) -> OscService:
        return OscService(
            live.store, host, port, peers=peers, cues=cue_list, tempo=tempo, status=live.status,
            mapping=bindings, actions=console.actions,
        )  # fmt: skip

    def serve(host: str, port: int) -> Web:
        return Web(
            (host, port), live.store, control.router, faults=live.faults, status=live.status,
            line=PageStatus(
                live, cue_list, outputs, lambda: len(control.feedback.subscribers),
                lambda: control.latency.count, choice,
            ),
            actions=control.actions, cues=lambda: cue_list.names, osc=control.address,
        )  # fmt: skip

    control = _somewhere(listen, osc, OSC, tell)
    try:
        page = _somewhere(serve, web, WEB, tell)
    except BaseException:
        control.close()
        raise
    live.services += [control, page, bindings]
    if mapping is not None:
        bindings.load(Path(mapping))
        if mapping != MAPPING and not Path(mapping).exists():
            tell(f"{mapping} does not exist yet; it is created when something is learned")
    if can_advertise():
        offer = Advertisement("genart", page.address, control.address, live.faults)
        live.services.append(offer)
    live.latencies["message_to_param"] = control.latency
    live.on_tick += [
        lambda t, beat: tempo.observe(t, beat, live.player.sketch_player.settings.tempo.offset),
        console.run_lfos,
    ]
    live.on_new_sketch += [
        choice.new_sketch, page.new_tree, bindings.new_tree, cue_list.tree_changed,
    ]  # fmt: skip
    tell(f"page {page.url}")
    tell("osc {}:{}".format(*control.address))
    if "osc" in live.store.permissions.locked:
        tell(f"osc senders first send {ROOT}/{TOKEN} {live.store.permissions.token}")
    return control, page


def _somewhere(
    make: Callable[[str, int], T], asked: str | None, usual: str, tell: Callable[[str], None]
) -> T:
    """Make something at the address asked for; or at the usual one, or else at a free port."""
    host, port = parse_peer(asked or usual)
    try:
        return make(host, port)
    except UsageError as error:
        if asked is not None:
            raise
        made = make(host, 0)
        why = str(error.__cause__ or error)
        tell(f"{usual} is not free ({why}); perhaps another genart plays. A free port is used:")
        return made
