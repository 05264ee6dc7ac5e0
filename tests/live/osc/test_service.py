"""OSC from real clients over real sockets, down to the store."""

from __future__ import annotations

import logging
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any

import pytest
from pythonosc import slip
from pythonosc.osc_message_builder import build_msg
from pythonosc.osc_tcp_server import MODE_1_0, MODE_1_1
from pythonosc.tcp_client import TCPClient
from pythonosc.udp_client import SimpleUDPClient
from support.performing import sent_by_others

from genart.errors import ParamError, UsageError
from genart.live.cues import Cues
from genart.live.osc.feedback import Feedback, parse_peer
from genart.live.osc.service import OscService
from genart.live.store import Store
from genart.mapping.mapping_file import parse_mapping, read_text
from genart.osc.codec import (
    BANG,
    IMMEDIATE,
    Bundle,
    Message,
    TimeTag,
    decode,
    encode,
)
from genart.osc.peers import RateLimit, Sender
from genart.params import Param, ParamTree
from genart.playback.settings import Settings
from genart.playback.sketch import Sketch


class Look(Sketch):
    """Some Params of every kind."""

    level = Param(0.5, 0.0, 1.0)
    count = Param(3, 0, 9)
    on = Param(False)
    look = Param("calm", choices=("calm", "wild"))
    z = Param(0.0, 0.0, 1.0)

    def draw(self, t: float, dt: float) -> Any:
        raise NotImplementedError


Start = Callable[..., OscService]


@pytest.fixture
def start() -> Iterator[Start]:
    """A function that starts the OSC side of a performance on a free port of this machine."""
    running: list[OscService] = []

    def begin(**options: Any) -> OscService:
        store = Store(Settings().tree(Look()))
        running.append(OscService(store, port=0, **options))
        running[-1].start()
        return running[-1]

    yield begin
    for control in running:
        control.close()


class Client:
    """An OSC program over UDP: sends, and waits for what comes back."""

    def __init__(self, control: OscService | None = None) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(10)
        self.control = control

    @property
    def peer(self) -> tuple[str, int]:
        host, port = self.socket.getsockname()
        return str(host), int(port)

    def send(self, address: str, *args: Any) -> None:
        self.raw(sent_by_others(address, args))

    def raw(self, packet: bytes) -> None:
        assert self.control is not None
        self.socket.sendto(packet, self.control.address)

    def ask(self, address: str, *args: Any) -> Any:
        """What comes back; as answers keep their order, all that was sent before was done."""
        self.send(address, *args)
        return self.hear()

    def hear(self) -> Any:
        packet = decode(self.socket.recv(65536))
        return (packet.address, *packet.args) if isinstance(packet, Message) else packet

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()


@pytest.fixture
def client(start: Start) -> Iterator[Client]:
    with Client(start(cues=None)) as made:
        yield made


def level(client: Client) -> Any:
    return client.ask("/genart/sketch/level")[1]


def test_python_osc_turns_params(start: Start) -> None:
    control = start()
    sender = SimpleUDPClient(*control.address)
    sender.send_message("/genart/model/truncation", 0.25)
    sender.send_message("/genart/sketch/count", 7)
    sender.send_message("/genart/walk/seeds", "4,5")
    sender.send_message("/genart/output/blackout", True)
    sender._sock.close()
    with Client(control) as client:
        assert client.ask("/genart/output/blackout", "?") == ("/genart/output/blackout", 1)
    values = control.store.values()
    assert values["model.truncation"] == 0.25
    assert values["sketch.count"] == 7
    assert values["walk.seeds"] == "4,5"


@pytest.mark.parametrize("mode", [MODE_1_0, MODE_1_1])
def test_tcp_takes_both_framings_and_answers_in_the_same(start: Start, mode: str) -> None:
    control = start()
    with TCPClient(*control.address, mode=mode) as client:
        client.send(build_msg("/genart/sketch/look", ["wild"]))
        client.send(build_msg("/genart/sketch/count", [0xC0 - 0xBE]))
        client.send(build_msg("/genart/sketch/look", []))
        (answer,) = client.receive(10)
        client.socket.close()
    assert decode(answer) == Message("/genart/sketch/look", ("wild",))
    assert control.store.current("sketch.count") == 2


def test_slip_escapes_and_split_packets(start: Start) -> None:
    control = start()
    packet = encode(Message("/genart/walk/seed", (0x00C0DBC0,)))
    ask = slip.encode(encode(Message("/genart/walk/seed", ())))
    with socket.create_connection(control.address) as client:
        client.settimeout(10)
        for byte in slip.encode(packet) + ask:
            client.sendall(bytes([byte]))
        got = client.recv(4096)
    assert decode(slip.decode(got)) == Message("/genart/walk/seed", (0x00C0DBC0,))


@pytest.mark.parametrize("garbage", [b"\x00\xff\xff\xff" * 4, b"\xc0ab\xdbx\xc0"])
def test_a_broken_connection_is_closed_and_the_others_go_on(start: Start, garbage: bytes) -> None:
    control = start()
    with socket.create_connection(control.address) as bad:
        bad.settimeout(10)
        bad.sendall(garbage)
        assert bad.recv(16) == b""
    with Client(control) as client:
        assert level(client) == 0.5


@pytest.mark.parametrize(
    ("address", "args", "value"),
    [
        ("/genart/sketch/level", (1,), 1.0),
        ("/genart/sketch/level", (True,), 1.0),
        ("/genart/sketch/level", (9.5,), 1.0),
        ("/genart/sketch/level", ("a", 0.25), 0.25),
        ("/genart/sketch/level", ("+", 0.25), 0.75),
        ("/genart/sketch/level", ("-", 0.25), 0.25),
        ("/genart/sketch/level", ("-", 5), 0.0),
        ("/genart/sketch/level", ([0.75],), 0.75),
        ("/genart/sketch/level", (0.75, 4.0), 0.75),
        ("/genart/sketch/level/norm", (0.75,), 0.75),
        ("/genart/sketch/count/norm", ("+", 1 / 3), 6),
        ("/genart/sketch/count", ("+", 2), 5),
        ("/genart/sketch/count", (4.6,), 5),
        ("/genart/sketch/look", ("wild",), "wild"),
        ("/genart/sketch/look/norm", (1.0,), "wild"),
        ("/genart/sketch/on", (1.0,), 1),
        ("/genart/sketch/on", (127,), 1),
        ("/genart/sketch/on", (True,), 1),
        ("/genart/sketch/on", (0.2,), 0),
        ("/genart/transport/play", (0,), 0),
        ("/genart/transport/phase", (0.5,), 0.5),
        ("/genart/tempo/bpm", (133,), 133.0),
        ("/genart/*/level", (0.75,), 0.75),
        ("//level", (0.75,), 0.75),
        ("/genart/sketch/{level,count}", (1,), 1.0),
    ],
)
def test_a_message_turns_a_param(
    client: Client, address: str, args: tuple[Any, ...], value: Any
) -> None:
    name = address.removesuffix("/norm").rpartition("/")[2]
    name = "sketch/level" if "{" in name or address.endswith("level") else name
    where = name if "/" in name else "/".join(address.split("/")[2:4])
    client.send(address, *args)
    assert client.ask(f"/genart/{where}") == (f"/genart/{where}", pytest.approx(value))
    control = client.control
    assert control is not None
    assert control.store.rejected == 0


@pytest.mark.parametrize(
    ("address", "args"),
    [
        ("/genart/sketch/level", ("loud",)),
        ("/genart/sketch/level", ("0.7",)),
        ("/genart/sketch/level", (None,)),
        ("/genart/sketch/level", (BANG,)),
        ("/genart/sketch/level", (b"blob",)),
        ("/genart/sketch/level", (TimeTag(5),)),
        ("/genart/sketch/level", (0.1, 0.2, 0.3)),
        ("/genart/sketch/level", (0.1, "slow")),
        ("/genart/sketch/level", (0.1, -1.0)),
        ("/genart/sketch/look", ("tame",)),
        ("/genart/sketch/look", (1,)),
        ("/genart/sketch/look", ("+", "x")),
        ("/genart/sketch/on", ("+", 1)),
        ("/genart/sketch/on", ("on",)),
        ("/genart/walk/seeds/norm", (0.5,)),
        ("/genart/nobody/here", (1,)),
        ("/elsewhere", (1,)),
        ("/genart/*/nowhere", (1,)),
        ("/genart/[a", (1,)),
        ("/genart/tempo/nudge", ("x",)),
        ("/genart/cue/recall", ("nothing",)),
        ("/genart/cue/save", ()),
        ("/genart/record/start", ("../../evil.mkv",)),
        ("/genart/record/start", ("/etc/passwd",)),
        ("/genart/record/start", ("a\\b",)),
        ("/genart/record/start", (".hidden",)),
        ("/genart/record/start", ("con",)),
        ("/genart/status/fps", (1,)),
    ],
)
def test_what_cannot_be_is_counted_and_said_once(
    client: Client, caplog: pytest.LogCaptureFixture, address: str, args: tuple[Any, ...]
) -> None:
    control = client.control
    assert control is not None
    before = control.store.values()
    for _ in range(3):
        client.send(address, *args)
    assert level(client) == 0.5
    assert control.store.rejected == 3
    assert control.store.values() == before
    assert control.store.take().triggers == []
    assert len([r for r in caplog.records if r.levelno >= logging.WARNING]) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        ("/genart/sketch/leval", "/genart/sketch/level"),
        ("/sketch/count", "/genart/sketch/count"),
        ("/genart/cue/recal", "/genart/cue/recall"),
        ("/genart/status/osc/recieved", None),
        ("/ping", None),
        ("/genart/cue/recall nosuch", '"nosuch"'),
        ("/genart/cue/recall another", '"another"'),
        ("/genart/sketch/look tame", "calm, wild"),
        ("/genart/sketch/look lame", "calm, wild"),
    ],
    ids=lambda wrong: wrong[0],
)
def test_each_wrong_thing_is_reported_after_others_of_the_same_host(
    client: Client, caplog: pytest.LogCaptureFixture, wrong: tuple[str, str | None]
) -> None:
    """The kind: the first mistake of a host does not hide the next ones."""
    client.send("/ping/first")
    client.send("/genart/cue/recall", "first")
    client.send("/genart/sketch/look", "first")
    address, *args = wrong[0].split()
    for _ in range(3):
        client.send(address, *args)
    assert level(client) == 0.5
    lines = [record.message for record in caplog.records]
    assert len(lines) == 4
    assert address in lines[3]
    assert wrong[1] is None or wrong[1] in lines[3]


def test_touches_and_buttons_let_go_are_no_values(client: Client) -> None:
    client.send("/genart/sketch/level/z", 1.0)
    client.send("/genart/record/start", 0.0)
    client.send("/genart/tempo/tap", 0)
    client.send("/genart/sketch/z", 0.25)
    assert client.ask("/genart/sketch/z") == ("/genart/sketch/z", 0.25)
    control = client.control
    assert control is not None
    assert (control.store.rejected, control.router.ignored) == (0, 3)
    assert control.store.take().triggers == []


def test_polls_come_back_to_the_asker(client: Client) -> None:
    assert client.ask("/genart/sketch/count") == ("/genart/sketch/count", 3)
    assert client.ask("/genart/sketch/on", "?") == ("/genart/sketch/on", 0)
    assert client.ask("/genart/sketch/look", "?") == ("/genart/sketch/look", "calm")
    assert client.ask("/genart/model/truncation/norm") == (
        "/genart/model/truncation/norm", pytest.approx(0.675),
    )  # fmt: skip
    client.send("/genart/output/*")
    answers = {client.hear() for _ in range(2)}
    assert answers == {("/genart/output/blackout", 0), ("/genart/output/freeze", 0)}


def test_everything_answers_to_a_pattern_of_stars(client: Client) -> None:
    assert client.control is not None
    wanted = {f"/genart/{path.replace('.', '/')}" for path in client.control.store.tree}
    client.send("/genart/*/*")
    assert {client.hear()[0] for _ in wanted} == wanted


def test_a_bundle_is_one_commit_and_a_bad_message_in_it_is_left_out(client: Client) -> None:
    messages = (
        Message("/genart/sketch/level", (0.25,)),
        Message("/genart/sketch/level", ("+", 0.5)),
        Message("/genart/sketch/level", ("oops",)),
        Message("/genart/sketch/count", (9,)),
    )
    client.raw(encode(Bundle(IMMEDIATE, (*messages[:2], Bundle(IMMEDIATE, messages[2:])))))
    assert level(client) == 0.75
    control = client.control
    assert control is not None
    changes = control.store.take().changes
    values = {change.path: change.value for change in changes}
    assert values == {"sketch.level": 0.75, "sketch.count": 9}
    assert len({change.at for change in changes}) == 1
    assert control.store.rejected == 1


def test_timed_bundles_act_on_time_and_keep_nobody_waiting(client: Client) -> None:
    control = client.control
    assert control is not None
    done: list[tuple[str, float]] = []
    control.store.subscribe(lambda path, value, source: done.append((path, time.time())))
    due = time.time() + 0.25
    for path, value in (("count", 4), ("level", 0.75)):
        client.raw(encode(Bundle(TimeTag.at(due), (Message(f"/genart/sketch/{path}", (value,)),))))
    assert level(client) == 0.5, "an answer comes while the bundles wait"
    heard = Bundle(TimeTag.at(due), (Message("/genart/sketch/level"),))
    client.raw(encode(heard))
    assert client.hear() == ("/genart/sketch/level", 0.75)
    assert [path for path, _ in done] == ["sketch.count", "sketch.level"]
    assert min(at for _, at in done) >= due - 1e-6


def test_past_and_far_time_tags_act_at_once(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    for ahead, value in ((-3.0, 0.25), (60.0, 0.125), (60.0, 0.75)):
        tag = TimeTag.at(time.time() + ahead)
        client.raw(encode(Bundle(tag, (Message("/genart/sketch/level", (value,)),))))
        assert level(client) == value
    control = client.control
    assert control is not None
    assert (control.scheduler.past, control.scheduler.refused) == (1, 2)
    assert len(caplog.records) == 1


def test_an_inner_bundle_waits_for_its_own_later_time(client: Client) -> None:
    later = Bundle(TimeTag.at(time.time() + 0.1), (Message("/genart/sketch/count", (8,)),))
    late = Bundle(later.time, (Message("/genart/sketch/count"),))
    now = Message("/genart/sketch/count")
    client.raw(encode(Bundle(IMMEDIATE, (now, later, late))))
    assert [client.hear()[1] for _ in range(2)] == [3, 8]


def test_killers_and_noise_leave_it_playing(client: Client) -> None:
    client.raw(b"#bundle\0" + struct.pack(">Qi", 1, -4))
    client.send("/genart/" + "*a" * 20 + "b", 1)
    client.raw(b"")
    client.raw(b"\xff" * 9000)
    assert level(client) == 0.5
    control = client.control
    assert control is not None
    assert control.store.rejected == 4


def test_a_bundle_full_of_patterns_is_cut_off(client: Client) -> None:
    many = tuple(Message("//level", (i / 4000,)) for i in range(2500))
    client.raw(encode(Bundle(IMMEDIATE, many)))
    assert 0.4 < level(client) < 0.5
    assert client.control is not None
    assert client.control.store.rejected == 500


def test_a_large_packet_arrives_whole(client: Client) -> None:
    many = tuple(Message("/genart/sketch/level", (i / 1600,)) for i in range(1000))
    packet = encode(Bundle(IMMEDIATE, many))
    assert len(packet) > 32_000
    client.raw(packet)
    assert level(client) == pytest.approx(999 / 1600)


def test_a_foreign_address_turns_what_it_is_mapped_to(start: Start, tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text('[[map]]\nosc = "/1/fader1"\nto = "sketch.level"\n')
    path = tmp_path / "map.toml"
    bindings = parse_mapping(read_text(path), Settings().tree(Look()), path)
    with Client(start(mapping=bindings)) as client:
        client.send("/1/fader1", 0.75)
        client.send("/1/fader1", "x")
        client.send("/1/fader2", 0.1)
        assert level(client) == 0.75
        assert client.control is not None
        assert client.control.store.rejected == 2


def test_how_long_messages_take_is_measured(client: Client) -> None:
    for _ in range(20):
        level(client)
    control = client.control
    assert control is not None
    assert control.latency.count >= 19, "the last one may be under way"
    assert 0 < control.latency.percentile(0.5) < 5


def test_too_many_packets_of_one_sender_are_dropped_and_counted(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    control = start(rate=0.0)
    dropped: SimpleQueue[Sender] = SimpleQueue()
    control.server._limit.burst = 5.0
    control.server._limited = lambda sender: (control._rate_limited(sender), dropped.put(sender))[0]
    with Client(control) as client:
        for _ in range(5):
            assert level(client) == 0.5
        for _ in range(3):
            client.send("/genart/sketch/level", 1.0)
    assert {dropped.get(timeout=10).host for _ in range(3)} == {"127.0.0.1"}
    assert control.limited == 3
    assert control.store.current("sketch.level") == 0.5
    assert len(caplog.records) == 1


def test_a_bucket_of_packets_fills_again() -> None:
    limit = RateLimit(rate=10.0, burst=2.0)
    assert [limit.allows("a", 0.0) for _ in range(3)] == [True, True, False]
    assert limit.allows("b", 0.0), "another host has a bucket of its own"
    assert [limit.allows("a", 0.1), limit.allows("a", 0.1)] == [True, False]
    assert RateLimit(None, 0.0).allows("a", 0.0)


def test_no_more_hosts_are_remembered_than_allowed() -> None:
    limit = RateLimit(rate=0.0, burst=1.0, most=2)
    assert [limit.allows(host, 0.0) for host in "aabb"] == [True, False, True, False]
    assert [limit.allows(host, 0.0) for host in "ca"] == [True, True], "forgotten, so let in again"


def test_triggers_reach_the_engine(client: Client) -> None:
    client.send("/genart/record/start", "night 1.mkv")
    client.send("/genart/record/start", 1.0)
    client.send("/genart/record/stop")
    level(client)
    control = client.control
    assert control is not None
    triggers = control.store.take().triggers
    assert [(t.name, t.args) for t in triggers] == [
        ("record.start", ("night 1.mkv",)), ("record.start", ()), ("record.stop", ()),
    ]  # fmt: skip


def test_cues_are_saved_and_recalled(client: Client) -> None:
    client.send("/genart/cue/save", "calm")
    client.send("/genart/sketch/level", 1.0)
    client.send("/genart/cue/save", 2)
    client.send("/genart/cue/recall", "calm")
    assert level(client) == 0.5
    client.send("/genart/cue/next")
    assert level(client) == 1.0
    client.send("/genart/cue/recall/calm", 1.0)
    client.send("/genart/cue/recall/2", 0.0)
    assert level(client) == 0.5
    client.send("/genart/cue/recall", 2.0)
    assert level(client) == 1.0
    client.send("/genart/cue/recall", "calm", 2.5)
    assert level(client) == 0.5
    control = client.control
    assert control is not None
    (change,) = (c for c in control.store.take().changes if c.path == "sketch.level")
    assert change.fade == 2.5


def test_taps_and_nudges(client: Client) -> None:
    client.send("/genart/tempo/nudge", 0.25)
    client.send("/genart/tempo/nudge", -0.5)
    assert client.ask("/genart/tempo/offset") == ("/genart/tempo/offset", -0.25)


def test_feedback_goes_to_peers_and_never_back(start: Start) -> None:
    with Client() as desk, Client() as tablet:
        control = start(peers=[desk.peer, tablet.peer])
        desk.control = control
        for peer in (desk, tablet):  # the whole tree first, in as many bundles as it takes
            heard(peer, "/genart/sketch/level")
        desk.send("/genart/sketch/level", 0.25)
        told = heard(tablet, "/genart/sketch/level")
        assert told == (0.25,)
        control.store.put("sketch.level", 0.25, "web")  # equal: no notification
        control.store.put("sketch.count", 8, "web")
        assert heard(desk, "/genart/sketch/count", "/genart/sketch/level") == (8,)


def heard(client: Client, wanted: str, never: str = "") -> tuple[Any, ...]:
    """The arguments with which an address arrives; another one must not arrive before."""
    while True:
        packet = client.hear()
        for message in packet.messages():
            assert message.address != never
            if message.address == wanted:
                args: tuple[Any, ...] = message.args
                return args


def test_feedback_comes_in_small_bundles() -> None:
    names = [f"param_with_a_long_name_{i}" for i in range(300)]
    many = type("Many", (), {name: Param(0.0) for name in names})()
    with Client() as desk:
        control = OscService(Store(ParamTree({"sketch": many})), port=0, peers=[desk.peer])
        control.start()
        seen: set[str] = set()
        while len([a for a in seen if "/sketch/" in a]) < 300:
            raw = desk.socket.recv(65536)
            assert len(raw) <= 1400
            packet = decode(raw)
            assert isinstance(packet, Bundle)
            seen |= {message.address for message in packet.messages()}
        control.close()


def test_feedback_that_could_not_be_sent_is_sent_later(monkeypatch: pytest.MonkeyPatch) -> None:
    with Client() as desk:
        store = Store(Settings().tree(Look()))
        feedback = Feedback(store, [desk.peer])
        (peer,) = feedback._peers
        full = SimpleNamespace(sendto=lambda *_: (_ for _ in ()).throw(BlockingIOError()))
        store.put("sketch.level", 0.25, "web")
        with monkeypatch.context() as patch:
            patch.setattr(peer, "_socket", full)
            feedback.flush()
        store.put("sketch.count", 8, "web")
        feedback.flush()
        assert {m.address: m.args for m in desk.hear().messages()} == {
            "/genart/sketch/count": (8,), "/genart/sketch/level": (0.25,),
        }  # fmt: skip
        for value in (0.75, 0.25):  # there and back: the last value of the peer
            store.put("sketch.level", value, "web")
        feedback.flush()
        assert feedback.sent == 1
        feedback.close()


def test_status_is_sent_and_can_be_asked_for(start: Start) -> None:
    with Client() as desk:
        control = start(peers=[desk.peer], status=lambda: {"fps": 29.5, "errors": ["no model"]})
        assert heard(desk, "/genart/status/errors") == ("no model",)
        desk.control = control
        desk.send("/genart/status/fps")
        while isinstance(answer := desk.hear(), Bundle):
            pass
        assert answer == ("/genart/status/fps", 29.5)


def test_cues_file_is_where_it_was_told(start: Start, tmp_path: Any) -> None:
    control = start()
    control.cues.path = tmp_path / "cues.json"
    with Client(control) as client:
        client.send("/genart/cue/save", "one")
        level(client)
    control.cues.close()
    assert Cues(control.store, tmp_path / "cues.json").names == ["one"]


def test_a_port_in_use_is_an_error_that_says_so(start: Start) -> None:
    control = start()
    with pytest.raises(UsageError, match="cannot listen"):
        OscService(control.store, *control.address)
    with pytest.raises(UsageError, match="cannot go"):
        OscService(control.store, port=0, peers=[("127.0.0.1", 99999)])


@pytest.mark.parametrize(
    ("text", "peer"),
    [
        ("192.168.1.2:9001", ("192.168.1.2", 9001)),
        ("tablet.local:9001", ("tablet.local", 9001)),
        ("[::1]:9001", ("::1", 9001)),
        ("9001", ("127.0.0.1", 9001)),
        ("tablet.local", ("tablet.local", 9000)),
    ],
)
def test_a_peer_is_read_from_text(text: str, peer: tuple[str, int]) -> None:
    assert parse_peer(text, default=9000) == peer


@pytest.mark.parametrize("text", ["", "host", "host:port", "host:²", "host:70000", "host:-1"])
def test_what_names_no_peer_is_refused(text: str) -> None:
    with pytest.raises(ParamError, match="HOST:PORT"):
        parse_peer(text)


def test_closing_frees_the_port_and_may_be_done_twice(start: Start) -> None:
    control = start()
    address = control.address
    control.close()
    control.close()
    again = OscService(control.store, *address)
    again.close()


def test_control_loads_without_torch() -> None:
    code = (
        "import sys, genart.live.osc.service, genart.mapping.mapping_file, genart.playback.show; "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
