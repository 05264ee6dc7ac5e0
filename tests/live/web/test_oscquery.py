"""OSCQuery, over real sockets on this machine."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from support.house import House, opened

from genart.live.web.oscquery import host_info
from genart.osc.codec import Message, decode, encode


@pytest.fixture
def house() -> Iterator[House]:
    yield from opened()


def test_oscquery_describes_every_param(house: House) -> None:
    zoom = house.json("/genart/sketch/zoom")
    assert zoom == {
        "FULL_PATH": "/genart/sketch/zoom",
        "TYPE": "f",
        "ACCESS": 3,
        "VALUE": [1.0],
        "RANGE": [{"MIN": 0.5, "MAX": 8.0}],
        "CLIPMODE": ["both"],
        "UNIT": ["x"],
        "TAGS": ["sketch"],
        "DESCRIPTION": "How near.",
    }
    sketch = house.json("/genart/sketch")["CONTENTS"]
    assert {name: node["TYPE"] for name, node in sketch.items()} == {
        "zoom": "f", "grid": "F", "kind": "s", "count": "i", "words": "s", "wait": "f",
    }  # fmt: skip
    assert sketch["kind"]["RANGE"] == [{"VALS": ["round", "square"]}]
    assert sketch["wait"]["CLIPMODE"] == ["low"]
    assert sketch["wait"]["UNIT"] == ["time.second"]
    assert house.json("/genart/status/errors")["TYPE"] == "N"
    house.line["errors"] = ["web: one", "record: two"]
    errors = house.json("/genart/status/errors")
    assert (errors["TYPE"], errors["VALUE"]) == ("ss", ["web: one", "record: two"])
    assert house.json("/genart/status/fps") == {
        "FULL_PATH": "/genart/status/fps", "TYPE": "f", "ACCESS": 1, "VALUE": [30.0],
    }  # fmt: skip
    assert house.json("/genart/tempo/tap")["ACCESS"] == 2


@pytest.mark.parametrize("names", [("midi", "midi/clock"), ("midi/clock", "midi")])
def test_a_status_may_have_others_below_it(house: House, names: tuple[str, str]) -> None:
    house.line |= dict.fromkeys(names, "Desk")
    found = house.json("/genart/status/midi")
    assert found["VALUE"] == ["Desk"]
    assert found["CONTENTS"]["clock"]["VALUE"] == ["Desk"]


def test_oscquery_answers_as_its_protocol_says(house: House) -> None:
    wanted = {
        "/genart/sketch/zoom?VALUE": 200,
        "/genart/sketch/zoom?NOTHING": 400,
        "/genart/sketch/words?RANGE": 204,
        "/genart/sketch/nothing": 404,
        "/etc/passwd": 404,
        "/..%2f..%2fserver.py": 404,
    }
    assert {path: house.get(path)[0] for path in wanted} == wanted


def test_host_info_says_where_osc_is(house: House) -> None:
    info = house.json("/?HOST_INFO")
    assert (info["OSC_IP"], info["OSC_PORT"]) == house.control.address
    assert info["EXTENSIONS"]["LISTEN"] is True
    request = urllib.request.Request(house.web.url + "?HOST_INFO")
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert "access-control-allow-origin" not in answer.headers, "no page of others may read it"


def test_an_address_that_stands_for_all_is_not_reported() -> None:
    info = host_info("genart", ("0.0.0.0", 9000), ("0.0.0.0", 8000))
    assert info["WS_PORT"] == 8000
    assert info["OSC_PORT"] == 9000
    assert not {"WS_IP", "OSC_IP"} & info.keys()  # nobody can connect to 0.0.0.0


def test_a_listener_to_all_hears_params_and_no_status(house: House) -> None:
    with house.socket("/") as socket:
        for path in ("/genart/status/errors", "/genart/status/fps", "/genart/sketch/zoom"):
            socket.send(json.dumps({"COMMAND": "LISTEN", "DATA": path}))
        socket.send(encode(Message("/genart/sketch/count", ("?",))))  # answered after the above
        assert decode(socket.recv(10)).address == "/genart/sketch/count"
        house.line["errors"] = ["web: one"]
        house.web._later(house.web._clients.status)
        house.store.put("sketch.zoom", 2.0, "other")
        assert decode(socket.recv(10)) == Message("/genart/sketch/zoom", (2.0,))


def test_a_listener_hears_what_others_turn_and_never_itself(house: House) -> None:
    with house.socket("/") as socket:
        socket.send(json.dumps({"COMMAND": "LISTEN", "DATA": "/genart/sketch/count"}))
        socket.send(json.dumps({"COMMAND": "LISTEN", "DATA": "/genart/sketch/zoom"}))
        socket.send(encode(Message("/genart/sketch/count", (7,))))
        socket.send(encode(Message("/genart/sketch/zoom", ("?",))))  # answered after the turn
        assert decode(socket.recv(10)) == Message("/genart/sketch/zoom", (1.0,))
        assert house.store.current("sketch.count") == 7
        house.store.put("sketch.words", "two", "other")
        house.store.put("sketch.zoom", 2.0, "other")
        assert decode(socket.recv(10)) == Message("/genart/sketch/zoom", (2.0,))
