"""`genart live`: play a sketch live."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genart.cli.command import command as declare
from genart.cli.command import tell_profile
from genart.cli.options import Assignment, precision_option

if TYPE_CHECKING:
    from genart.live.report import LiveReport


def show(report: LiveReport) -> Iterator[str]:
    """What to print."""
    width, height = report.size
    pace = report.interval_ms
    yield f"{report.frames} frames of {width}x{height} px in {report.seconds:.1f} s"
    marks = ", ".join(f"{name} {pace[name]:.1f}" for name in ("p50", "p99", "max"))
    yield f"{report.fps:.2f} fps, ms between frames: {marks}"
    yield (
        f"{report.made} made by the model, {report.synthesised} blended, "
        f"{report.repeated} repeated, {report.dropped} dropped"
    )
    if len(report.quality) > 1:
        shares = ", ".join(f"{name} {spent:.0f} s" for name, spent in report.quality.items())
        yield f"quality: {shares}"
    for fault in report.faults:
        yield f"{fault.where}: {fault.message} ({fault.count} times)"
    if report.recorded:
        yield f"recorded {report.recorded}"


@declare("genart live drift --model pomona --record night.mp4", show, name="live")
@click.argument("sketch", required=False)
@click.option("--model", help="Model name, file or URL.  [pomona]")
@click.option("--size", metavar="N or WxH", help="Size in pixels, width first.  [the model's]")
@precision_option
@click.option("--fps", help="Frames per second, for example 30 or 30000/1001.  [30]")
@click.option("--seconds", type=float, help="Stop after this time.")
@click.option("--osc", metavar="HOST:PORT", help="Address for OSC messages.  [127.0.0.1:9000]")
@click.option(
    "--feedback",
    metavar="HOST:PORT",
    multiple=True,
    help="Send Param changes to this OSC address; repeatable.",
)
@click.option("--web", metavar="HOST:PORT", help="Address of the control page.  [127.0.0.1:8000]")
@click.option(
    "--token", default="",
    help="Token that other machines need, at least 8 characters.  [random]",
)  # fmt: skip
@click.option("--window/--no-window", " /--headless", default=True, help="Show a window.  [window]")
@click.option("--screen", type=int, multiple=True, help="Screen number, from 1; repeatable.")
@click.option("--fullscreen", is_flag=True, help="Start in full screen.")
@click.option("--fill", is_flag=True, help="Fill the window and crop the image.")
@click.option("--vsync/--no-vsync", default=True, help="Wait for the screen's refresh.  [vsync]")
@click.option(
    "--record-show", type=click.Path(dir_okay=False, path_type=Path),
    help="Record every change to this show file.",
)  # fmt: skip
@click.option(
    "--show",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Replay a recorded show file.",
)
@click.option(
    "--cues",
    type=click.Path(dir_okay=False, path_type=Path),
    help="JSON file that stores the cues.  [cues.json]",
)
@click.option(
    "--map", "mapping", type=click.Path(dir_okay=False, path_type=Path),
    help="File that maps MIDI, OSC, audio and LFOs to Params.  [mapping.toml]",
)  # fmt: skip
@click.option(
    "--control", "controls", metavar="NAME[:SOURCE]", multiple=True,
    help="Source of Param changes, for example midi or link; repeatable.",
)  # fmt: skip
@click.option("--midi", metavar="PORT", multiple=True, help="Short for --control midi:PORT.")
@click.option("--audio-in", metavar="SOURCE", help="Short for --control audio:SOURCE.")
@click.option(
    "--link", is_flag=True, help="Short for --control link: tempo and beat of Ableton Link."
)
@click.option(
    "--to", "sinks", metavar="NAME[:TEXT] or URL", multiple=True,
    help="Send the image to virtualcam, srt://host:9999 or another output; repeatable.",
)  # fmt: skip
@click.option("--ndi", metavar="NAME", help="Short for --to ndi:NAME.")
@click.option(
    "--style", metavar="NAME[:TEXT]", multiple=True,
    help="Repaint every frame, for example fast:great_wave; repeatable.",
)  # fmt: skip
@click.option("--blend/--no-blend", default=None, help="Blend frames while the model is slow.")
@click.option("--hold-fps", is_flag=True, help="Reduce the image quality while the model is slow.")
@click.option(
    "--record",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Record a film: .mp4 .mkv .mov.",
)
@click.option("--seed", type=int, help="Seed of the sketch's random numbers.  [0]")
@click.option(
    "--profile", is_flag=True, help="Report at the end where the time of the frames goes."
)
@click.option("-p", "params", type=Assignment(), multiple=True, help="Set a Param; repeatable.")
def command(params: tuple[tuple[str, str], ...], device: str, **options: Any) -> Any:
    """Play a sketch live.

    SKETCH is the name of an included sketch or a .py file; the default is drift. A file is loaded
    again whenever it is saved.
    """
    from genart.live.perform import perform

    given = {name: value for name, value in _spelt_out(options).items() if value is not None}
    report = perform(params=dict(params), device=device, tell=_tell, **given)
    tell_profile(report.profile)
    return report


def _spelt_out(options: dict[str, Any]) -> dict[str, Any]:
    """The options, with the short forms added to the controls and outputs."""
    midi, audio, ndi = options.pop("midi"), options.pop("audio_in"), options.pop("ndi")
    controls = [*options.pop("controls"), *(f"midi:{port}" for port in midi)]
    controls += [] if audio is None else [f"audio:{audio}"]
    controls += ["link"] if options.pop("link") else []
    sinks = [*options.pop("sinks"), *([] if ndi is None else [f"ndi:{ndi}"])]
    style = options.pop("style") or None
    return {**options, "style": style, "controls": controls, "sinks": sinks}


def _tell(line: str) -> None:
    click.echo(line, err=True)
    if line.startswith("page ") and "?token=" in line and sys.stderr.isatty():
        from genart.web.qr_code import qr_text

        click.echo(qr_text(line.removeprefix("page ")), err=True)
