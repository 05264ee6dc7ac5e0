"""The page's server, over real sockets on this machine."""

from __future__ import annotations

import io
import ipaddress
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.routing import WebSocketRoute
from support.house import SENDER, House, Other, opened, until
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from genart.errors import UsageError
from genart.live.web.page import FILES
from genart.live.web.server import Web
from genart.osc.codec import Message, decode, encode
from genart.params import ParamTree
from genart.web.access import AccessCheck, is_here
from genart.web.network_address import network_address


@pytest.fixture
def house() -> Iterator[House]:
    yield from opened()


def test_a_browser_gets_the_page_and_a_program_the_tree(house: House) -> None:
    status, kind, body = house.get("/", Accept="text/html,*/*")
    assert (status, kind.split(";")[0]) == (200, "text/html")
    for name in ("desk.js", "controls.js", "style.css", "small.css"):
        status, kind, text = house.get(f"/{name}")
        assert status == 200
        assert text
    assert "desk.js" in body
    assert house.json("/")["CONTENTS"]["genart"]["CONTENTS"].keys() >= {"sketch", "tempo"}


def test_a_new_sketch_is_reported(house: House) -> None:
    with house.socket("/") as lister, house.socket("/desk") as desk:
        until(desk, "tree")
        lister.send(encode(Message("/genart/sketch/zoom", ("?",))))
        lister.recv(10)
        house.store.set_tree(ParamTree({"sketch": Other()}))
        house.web.new_tree()
        assert json.loads(lister.recv(10))["COMMAND"] == "PATH_CHANGED"
        tree = until(desk, "tree")
        assert [each["path"] for each in tree] == ["sketch.zoom", "sketch.depth"]


def test_the_desk_shows_a_control_of_the_right_kind_for_every_param(house: House) -> None:
    with house.socket("/desk") as desk:
        tree = {each["path"]: each for each in until(desk, "tree")}
        assert {path: each["kind"] for path, each in tree.items()} == {
            "sketch.zoom": "slider",
            "sketch.grid": "switch",
            "sketch.kind": "select",
            "sketch.count": "slider",
            "sketch.words": "text",
            "sketch.wait": "number",
        }
        assert tree["sketch.zoom"]["norm"] == pytest.approx(0.25)
        assert until(desk, "cues") == ["opening"]
        assert until(desk, "status")["phase"] == 0.25


def test_a_slider_turns_the_param_and_osc_moves_the_slider(house: House) -> None:
    with house.socket("/desk") as desk:
        until(desk, "tree")
        desk.send(json.dumps({"set": "sketch.zoom", "norm": 0.5}))
        told = until(desk, "set")["sketch.zoom"]
        assert told == {"value": pytest.approx(2.0), "norm": pytest.approx(0.5)}
        assert house.store.current("sketch.zoom") == pytest.approx(2.0)
        house.control.router.perform([Message("/genart/sketch/zoom", (8.0,))], SENDER)
        told = until(desk, "set", lambda news: "sketch.zoom" in news)["sketch.zoom"]
        assert told == {"value": 8.0, "norm": 1.0}


def test_what_the_desk_may_not_do_is_reported_and_nothing_ends(house: House) -> None:
    with house.socket("/desk") as desk:
        until(desk, "tree")
        for wish in ("{", "[]", "7", '{"set": 5}', '{"do": "tempo/tap", "args": 5}'):
            desk.send(wish)
        desk.send(json.dumps({"set": "sketch.kind", "value": "oval"}))
        assert "round, square" in until(desk, "refused")
        desk.send(json.dumps({"do": "cue/recall", "args": ["x"]}))
        assert until(desk, "refused", lambda why: "cue" in why) == "No cue of that name."
        desk.send(json.dumps({"do": "tempo/tap"}))
        desk.send(json.dumps({"set": "sketch.count", "value": 4}))
        until(desk, "set")
    assert house.done == [("web", ())]
    assert house.store.rejected >= 4


def test_a_slow_desk_gets_the_newest_value_and_not_all_of_them(house: House) -> None:
    with house.socket("/desk") as desk:
        until(desk, "tree")
        for value in range(2000):
            house.store.put("sketch.zoom", 0.5 + value / 1000, "osc")
        house.store.put("sketch.count", 9, "osc")
        seen = []
        while not seen or "sketch.count" not in seen[-1]:
            seen.append(until(desk, "set"))
        zooms = [each["sketch.zoom"]["value"] for each in seen if "sketch.zoom" in each]
        assert zooms[-1] == pytest.approx(2.499)
        assert len(zooms) < 200


def picture(data: bytes | str) -> np.ndarray:
    assert isinstance(data, bytes)
    with Image.open(io.BytesIO(data)) as opened:
        assert opened.format == "JPEG"
        return np.asarray(opened)


def test_a_slow_reader_of_the_image_gets_the_newest_frame(house: House) -> None:
    def show(value: int, times: int = 1) -> None:
        for _ in range(times):
            house.web.preview.write(np.full((24, 40, 3), value, np.uint8))

    show(10)
    with house.socket("/picture") as socket:
        socket.send("")
        first = picture(socket.recv(10))
        assert first.shape == (24, 40, 3)
        assert abs(int(first.mean()) - 10) <= 2
        show(80, times=50)
        show(200)
        socket.send("")
        assert abs(int(picture(socket.recv(10)).mean()) - 200) <= 2
        with pytest.raises(TimeoutError):  # nothing is sent that was not asked for
            socket.recv(0.05)


def test_a_browser_that_is_killed_is_no_fault_and_nobody_hangs_at_the_end(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    frame = np.zeros((24, 40, 3), np.uint8)
    house.web.preview.write(frame)
    with house.socket("/picture") as killed, house.socket("/picture") as other:
        for socket in (killed, other):
            socket.send("")
            socket.recv(10)
        killed.send("")
        killed.socket.shutdown(2)
        house.web.preview.write(frame)
        other.send("")
        assert picture(other.recv(10)).shape == (24, 40, 3)
        other.send("")  # and waits for a frame that does not come
        house.web.close()
        with pytest.raises(ConnectionClosed):
            other.recv(10)
    assert house.faults.all() == []
    assert caplog.records == []


def test_a_large_image_is_made_smaller(house: House) -> None:
    house.web.preview.write(np.zeros((1080, 1920, 4), np.uint8))
    with house.socket("/picture") as socket:
        socket.send("")
        assert picture(socket.recv(10)).shape == (720, 1280, 3)


def opens(house: House, path: str, headers: dict[str, str]) -> bool:
    """Whether a socket opens; one that does not is closed before any message."""
    try:
        with house.socket(path, additional_headers=headers) as socket:
            socket.ping().wait(10)
            return True
    except (InvalidStatus, ConnectionClosed):
        return False


@pytest.mark.parametrize("path", ["/picture", "/desk", "/"])
def test_pages_from_elsewhere_cannot_open_a_socket(house: House, path: str) -> None:
    assert opens(house, path, {"Origin": "http://{}:{}".format(*house.web.address)})
    assert not opens(house, path, {"Origin": "https://evil.example"})
    assert not opens(house, path, {"Origin": "null"})
    assert not opens(house, path, {"Host": "evil.example", "Origin": "http://evil.example"})
    assert not opens(house, path, {"Origin": "http://localhost:3000"}), "another server here"


def test_under_a_strangers_name_nothing_is_told(house: House) -> None:
    assert house.get("/genart", Host="evil.example")[0] == 421


def test_others_need_the_token() -> None:
    assert AccessCheck("127.0.0.1").token == ""
    door = AccessCheck("0.0.0.0")
    assert len(door.token) >= 12
    assert door.knows(door.token)
    assert not door.knows("")
    assert not door.knows(None)
    assert not door.knows(door.token + "x")
    assert [is_here(host) for host in ("::1", "localhost", "192.168.1.5")] == [True, True, False]


def test_the_page_asks_for_the_token(house: House) -> None:
    house.web.access.token = "open sesame"
    assert house.get("/", Accept="text/html")[0] == 403
    assert house.get("/desk.js")[0] == 403
    assert house.get("/?token=open%20sesame", Accept="text/html")[0] == 200
    assert not opens(house, "/desk", {})
    with house.socket("/desk?token=open%20sesame") as socket:
        assert until(socket, "tree")


def test_without_the_token_nothing_is_read_and_nothing_opens(house: House) -> None:
    """Walks over the server's own routes: all are behind one check."""
    house.web.access.token = "open sesame"
    routes = house.web._app()._app.routes
    paths = ["/", "/genart", "/genart/sketch/zoom", "/?HOST_INFO", *(f"/{each}" for each in FILES)]
    assert len(routes) > 3
    for wrong in ("", "?token=open", "?token=%C3%A9", "?token="):
        for path in paths:
            status, _, body = house.get(f"{path}{wrong}")
            assert (status, "token" in body) == (403, True), path
        for route in routes:
            if isinstance(route, WebSocketRoute):
                assert not opens(house, f"{route.path}{wrong}", {}), route.path
    status, kind, lock = house.get("/", Accept="text/html")
    assert (status, kind.partition(";")[0]) == (403, "text/html")
    assert '<input name="token"' in lock
    assert "script" not in lock
    assert "Plasma" not in lock


def test_the_token_opens_everything_once(house: House) -> None:
    house.web.access.token = "open sesame"
    for path in ("/genart", "/desk.js"):
        assert house.get(f"{path}?token=open%20sesame")[0] == 200
    cookie = {"Cookie": f'genart-{house.web.address[1]}="open sesame"'}
    assert house.get("/genart/sketch/zoom", **cookie)[0] == 200
    with house.socket("/", additional_headers=cookie) as socket:
        socket.send(encode(Message("/genart/sketch/zoom", ("?",))))
        assert decode(socket.recv(10)) == Message("/genart/sketch/zoom", (1.0,))


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost:3000", "http://["]
)
def test_a_page_of_another_server_reads_nothing(house: House, origin: str) -> None:
    for path in ("/", "/genart/sketch/zoom", "/?HOST_INFO", "/desk.js"):
        assert house.get(path, Origin=origin)[0] == 403
    own = "http://{}:{}".format(*house.web.address)
    assert house.get("/genart/sketch/zoom", Origin=own)[0] == 200


def test_a_taken_port_is_reported_with_what_to_do(house: House) -> None:
    with pytest.raises(UsageError, match="--web"):
        Web(house.web.address, house.store, house.control.router, faults=house.faults)


def test_a_whole_performance_is_played_from_a_browser(tmp_path: Any) -> None:
    from genart.live.perform import perform

    lines: list[str] = []
    seen: list[np.ndarray] = []

    class Hand:
        """Turns a control through the page once frames come."""

        def write(self, frame: np.ndarray) -> None:
            if seen:
                return
            url = next(line for line in lines if line.startswith("page ")).split("/")[2]
            with connect(f"ws://{url}/picture", proxy=None) as socket:
                socket.send("")
                seen.append(picture(socket.recv(10)))
            with connect(f"ws://{url}/desk", proxy=None) as socket:
                until(socket, "tree")
                socket.send(json.dumps({"set": "output.freeze", "value": True}))
                until(socket, "set", lambda news: "output.freeze" in news)

        def close(self) -> None: ...

    report = perform(
        "drift", model="plasma", size=32, fps=60, seconds=1.0, web="127.0.0.1:0",
        osc="127.0.0.1:0", cues=tmp_path / "cues.json", sinks=[Hand()], tell=lines.append,
    )  # fmt: skip
    assert seen[0].shape == (32, 32, 3)
    assert report.errors == 0, report.faults
    assert report.osc == {"received": 1, "rejected": 0}


def test_the_instrument_can_be_found_on_the_network(house: House) -> None:
    zeroconf = pytest.importorskip("zeroconf")
    from genart.web.mdns import Advertisement

    offer = Advertisement("genart test", house.web.address, house.control.address, house.faults)
    offer.start()
    finder = zeroconf.Zeroconf(interfaces=["127.0.0.1"])
    try:
        found = finder.get_service_info(
            "_oscjson._tcp.local.", "genart test._oscjson._tcp.local.", timeout=10_000
        )
        if found is None:
            pytest.skip(f"no multicast here: {house.faults.now()}")
        assert found.port == house.web.address[1]
        assert found.parsed_addresses() == ["127.0.0.1"]
    finally:
        finder.close()
        offer.close()


def test_a_request_is_confirmed_with_the_value_that_came_of_it(house: House) -> None:
    with house.socket("/desk") as desk:
        until(desk, "tree")
        desk.send(json.dumps({"set": "sketch.count", "value": 99, "id": 1}))
        assert until(desk, "set")["sketch.count"]["value"] == 10  # the nearest end
        assert until(desk, "done") == 1
        desk.send(json.dumps({"set": "sketch.count", "value": 10, "id": 2}))
        assert until(desk, "set")["sketch.count"]["value"] == 10  # also if nothing changed
        assert until(desk, "done") == 2
        desk.send(json.dumps({"set": "sketch.kind", "value": "oval", "id": 3}))
        said = []
        while "done" not in (said[-1] if said else {}):
            said.append(json.loads(desk.recv(10)))
        kinds = [key for each in said for key in ("refused", "set", "done") if key in each]
        assert kinds[0] == "refused"
        assert said[-1]["done"] == 3
        assert next(each for each in said if "refused" in each)["id"] == 3
        for path in ("nothing.here", ["a", "list"], 7):
            desk.send(json.dumps({"set": path, "value": 1, "id": 4}))
        desk.send(json.dumps({"do": "tempo/tap", "id": 5}))
        assert until(desk, "done", lambda number: number == 5) == 5


def test_a_request_that_arrives_too_late_does_nothing(house: House) -> None:
    with house.socket("/desk") as desk:
        desk.send(json.dumps({"ping": 7}))
        pong = json.loads(desk.recv(10))
        while "pong" not in pong:
            pong = json.loads(desk.recv(10))
        assert pong["pong"] == 7
        for by, value in ((pong["now"] - 0.5, 5), (pong["now"] + 60, 4)):
            desk.send(json.dumps({"set": "sketch.count", "value": value, "by": by, "id": value}))
            until(desk, "done", lambda number, value=value: number == value)
            assert house.store.current("sketch.count") == {5: 3, 4: 4}[value]
        desk.send(json.dumps({"do": "tempo/tap", "by": pong["now"] - 0.5}))
        assert "nothing was changed" in until(desk, "refused")
        assert house.done == []


def test_a_phone_gets_an_address_in_the_network_and_a_qr_code_of_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genart.live.web.server.network_address", lambda host: "192.0.2.7")
    with house.socket("/desk") as desk:
        assert json.loads(desk.recv(10))["url"] == ""  # only this machine reaches it
    house.web.access.token = "open-sesame"
    port = house.web.address[1]
    assert house.web.url == f"http://192.0.2.7:{port}/?token=open-sesame"
    assert house.get("/qr.svg")[0] == 403
    status, kind, body = house.get("/qr.svg?token=open-sesame")
    assert (status, kind) == (200, "image/svg+xml")
    assert "open-sesame" not in body  # drawn, not written
    with house.socket("/desk?token=open-sesame") as desk:
        assert json.loads(desk.recv(10))["url"] == house.web.url


def test_the_address_of_a_server_on_all_addresses_is_one_that_others_reach() -> None:
    assert network_address("127.0.0.1") == "127.0.0.1"
    assert network_address("192.0.2.7") == "192.0.2.7"
    for host in ("0.0.0.0", "::"):
        assert network_address(host) not in ("0.0.0.0", "::", "")
        ipaddress.ip_address(network_address(host))
