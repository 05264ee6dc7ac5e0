"""The table and the drawing of the way of a value; see trace_paths.py."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from path_tracer import ROOT, Journey, Trace, Visit, reached

_PRIVATE = re.compile(r"(^|\.)_(?!_call__|_init__)")


def page_part(found: Trace, journey: Journey) -> str:
    """Return the part of the page about a journey: drawing, table, and what is beside the way."""
    way = found.way(journey.start, journey.end)
    ours = [visit for visit in way if is_counted(visit.file)]
    on_way = {visit.file for visit in way}
    beside = [file for file in found.visits if is_counted(file) and file not in on_way]
    beside = [file for file in beside if file in reached(journey.start, found.handed)]
    rows = []
    for visit in way:
        number = ours.index(visit) + 1 if visit in ours else ""
        rows.append(f"| {number} | `{visit.file}` | {_about(visit.file)} | {_steps(visit)} |")
    head = ["| | file | what it is | receives it in |", "|---|---|---|---|"]
    value = journey.name.replace("_", " ")
    drawing = f"![The path of a {value}](images/{journey.name}_path.svg)"
    apart = ", ".join(f"`{file}`" for file in beside)
    count = f"{len(ours)} files of `genart/` are on the path."
    also = f"Other files that receive the {value}, to show, record or measure it: {apart}."
    return "\n\n".join([drawing, "\n".join(head + rows), f"{count} {also}"])


def is_counted(file: str) -> bool:
    """Whether a file is of genart itself, not of a plug-in or a sketch."""
    return file.startswith("genart/")


def _about(file: str) -> str:
    """Return the first sentence of a module."""
    text = ast.get_docstring(ast.parse((ROOT / file).read_text())) or ""
    return text.partition("\n")[0].rstrip(".").replace("|", "\\|")


def _steps(visit: Visit) -> str:
    """Return the first two functions that people may know, each with the type of what it got."""
    steps = {name.partition(".<")[0]: kind for name, kind in reversed(visit.steps.items())}
    shown = [name for name in reversed(steps) if not _PRIVATE.search(name)][:2]
    return ", ".join(f"`{name}` ({steps[name]})" for name in shown)


def drawing(found: Trace, journey: Journey) -> str:
    """Return the way as an SVG: a column a folder, a row a file, in the order of the visits."""
    way = found.way(journey.start, journey.end)
    rooms = list(dict.fromkeys(_room(visit.file) for visit in way))
    wide, high, left, top = 132, 40, 12, 44
    boxes = {
        visit.file: (left + rooms.index(_room(visit.file)) * wide, top + row * high)
        for row, visit in enumerate(way)
    }
    width, height = left * 2 + wide * len(rooms), top + high * len(way) + 12
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="sans-serif" font-size="13">',
        f"<title>Path of a {journey.name.replace('_', ' ')} through the files of genart</title>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    for n, room in enumerate(rooms):
        x = left + n * wide
        parts.append(
            f'<rect x="{x - 4}" y="8" width="{wide - 6}" height="{height - 16}" rx="6" '
            f'fill="{"#f4f1ea" if n % 2 else "#eef3f4"}"/>'
            f'<text x="{x + wide / 2 - 7}" y="28" text-anchor="middle" fill="#555">{room}</text>'
        )
    corners = [(x + wide / 2 - 7, y + 13) for x, y in boxes.values()]
    line = " ".join(f"{x:g},{y:g}" for x, y in corners)
    parts.append(f'<polyline points="{line}" fill="none" stroke="#b3541e" stroke-width="2"/>')
    for file, (x, y) in boxes.items():
        fill = "#fff" if is_counted(file) else "#ddd"
        parts.append(
            f'<rect x="{x}" y="{y}" width="{wide - 14}" height="26" rx="4" fill="{fill}" '
            f'stroke="#444"/><text x="{x + wide / 2 - 7}" y="{y + 17}" text-anchor="middle">'
            f"{Path(file).stem}</text>"
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


def _room(file: str) -> str:
    parts = Path(file).parts
    return parts[0] if parts[0] != "genart" else parts[1] if len(parts) > 2 else "genart"


def update(text: str, name: str, part: str) -> str:
    """Return the page with another part between the comments of a journey."""
    begin, end = f"<!-- {name}: made by docs/scripts/trace_paths.py -->", f"<!-- {name}: end -->"
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n\n{part}\n\n{end}{after}"
