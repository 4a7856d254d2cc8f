"""Frames and values: what goes in comes out, and what is broken is refused."""

from __future__ import annotations

import datetime as dt
import json
import math
import socket
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dana.isolation import wire
from dana.isolation.link import Link
from dana.isolation.values import HostCodec, Opaque, Record, RemoteFunction
from dana.isolation.wire import Codec, Frames, WireError, frame, parse

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=-(2**200), max_value=2**200)
    | st.floats(allow_nan=False)
    | st.text(alphabet=st.characters())
    | st.binary(max_size=40)
    | st.complex_numbers(allow_nan=False)
    | st.dates()
    | st.datetimes()
    | st.times()
    | st.timedeltas()
    | st.decimals(allow_nan=False)
)
HASHABLE = st.none() | st.booleans() | st.integers() | st.text() | st.binary(max_size=8) | st.tuples(st.integers())
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(), inner, max_size=4)
        | st.dictionaries(HASHABLE, inner, max_size=4)
        | st.tuples(inner, inner)
        | st.sets(HASHABLE, max_size=4)
        | st.frozensets(HASHABLE, max_size=4)
    ),
    max_leaves=20,
)


def crossed(value, codec=None):
    codec = codec or Codec()
    message = parse(frame({"t": "x", "v": codec.encode(value)})[wire.HEADER :])
    return codec.decode(message["v"])


def same(a, b):
    return type(a) is type(b) and a == b and repr(a) == repr(b)


@given(VALUES)
@settings(max_examples=400, deadline=None)
def test_plain_values_cross_unchanged(value):
    assert crossed(value) == value


@given(SCALARS)
@settings(max_examples=400, deadline=None)
def test_single_values_keep_their_type_and_look(value):
    assert same(crossed(value), value)


@pytest.mark.parametrize(
    "value",
    [
        math.nan, math.inf, -math.inf, -0.0, 1e308, 5e-324, 2**53, 2**53 + 1, -(2**53) - 1, 10**1000, True, "\ud800", "\0",
        {"$": 1}, {"$": "int", "v": "0x1"}, {1: 2, "a": 3}, {(1, 2): []}, range(3, 10**30, 7), frozenset({(1,)}),
        dt.timedelta(days=-1, microseconds=5), Decimal("1.10"), Decimal("NaN"), complex(math.inf, -0.0),
        dt.datetime(2020, 1, 1, tzinfo=dt.UTC), {"a": {"b": [({"c"},)]}},
    ],
    ids=repr,
)  # fmt: skip
def test_awkward_values(value):
    assert repr(crossed(value)) == repr(value)


def test_bool_and_int_stay_apart():
    assert [type(v) for v in crossed([True, 1, False, 0])] == [bool, int, bool, int]


def test_what_contains_itself_cannot_cross():
    loop = []
    loop.append(loop)
    with pytest.raises(wire.CannotCross):
        Codec().encode(loop)


def test_objects_of_the_host_become_numbers_and_come_back():
    codec = HostCodec(None)
    secret = object()
    data = codec.encode([secret, print])
    assert "object" in json.dumps(data)
    assert str(id(secret)) not in json.dumps(data)
    assert codec.decode({"$": "handle", "v": 1}) is secret
    assert codec.decode({"$": "host", "v": 2}) is print
    with pytest.raises(WireError):
        codec.decode({"$": "handle", "v": 3})


# --- records --------------------------------------------------------------------------------------


def test_a_record_reads_like_a_struct():
    point = Record("Point", {"x": 1, "to": Record("Point", {"x": 2})})
    assert point.x == 1
    assert point.to.x == 2
    assert repr(point) == "Point(x=1, to=Point(x=2))"
    assert point.to_dict() == {"x": 1, "to": {"x": 2}}
    assert point == Record("Point", {"x": 1, "to": Record("Point", {"x": 2})})
    assert point != Record("Other", {"x": 1, "to": Record("Point", {"x": 2})})
    with pytest.raises(AttributeError, match="did you mean 'to'"):
        point.tp  # noqa: B018
    with pytest.raises(AttributeError, match="read-only"):
        point.x = 2
    with pytest.raises(AttributeError, match="read-only"):
        del point.x


def test_a_record_cannot_pose_as_anything_else():
    hostile = Record("P", {"__class__": int, "_values": {}, "to_dict": 1, "__len__": 3})
    assert type(hostile) is Record
    assert hostile.__class__ is Record
    assert hostile.to_dict() == {"__class__": int, "_values": {}, "to_dict": 1, "__len__": 3}
    with pytest.raises(TypeError):
        len(hostile)


# --- frames ---------------------------------------------------------------------------------------


def test_frames_in_pieces():
    data = frame({"t": "a"}) + frame({"t": "b", "v": "é"})
    frames = Frames()
    found = [m for i in range(len(data)) for m in frames.feed(data[i : i + 1])]
    assert found == [{"t": "a"}, {"t": "b", "v": "é"}]


BROKEN = [
    b"", b"{}", b"[]", b"1", b'"t"', b'{"t":1}', b'{"t":null}', b"{'t':'a'}", b'{"t":"a"', b'{"t":"a"}x', b'{"t":"a","v":NaN}',
    b'{"t":"a","v":Infinity}', b'{"t":"a","v":-Infinity}', b'{"t":"a","v":' + b"9" * 30 + b"}", b'{"t":"\xff"}', b"\x80\x04K\x01.",
    b'{"t":"a","v":' + b"[" * 200_000 + b"]" * 200_000 + b"}", b'{"t":"a","v":[' + b"0," * 2_000_000 + b"0]}",
    b'{"t":"a","v":01}', b'{"t":"a",}', b'\xef\xbb\xbf{"t":"a"}', b'{"t":"a"}\0',
]  # fmt: skip


@pytest.mark.parametrize("body", BROKEN, ids=lambda b: repr(b[:24]))
def test_broken_frames_are_refused(body):
    with pytest.raises(WireError):
        parse(body)


@pytest.mark.parametrize("header", [b"\0\0\0\0", b"\0\0\0\1", b"\xff\xff\xff\xff", b"\x00\x80\x00\x01"])
def test_lengths_are_bounded_before_anything_is_read(header):
    with pytest.raises(WireError):
        Frames().feed(header)


def test_a_frame_that_is_too_large_is_not_sent():
    with pytest.raises(WireError, match="bytes"):
        frame({"t": "x", "v": "a" * wire.MAX_FRAME})
    with pytest.raises(WireError, match="items"):
        frame({"t": "x", "v": [0] * (wire.MAX_ITEMS + 10)})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["$", "v", "t", "a"]), inner, max_size=3)
    ),
    max_leaves=12,
)
TAGS = st.sampled_from(
    "int float complex bytes tuple set frozenset dict range moment struct function opaque handle host list stream".split()
)


@given(st.fixed_dictionaries({"$": TAGS, "v": JSON}) | JSON)
@settings(max_examples=800, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_hostile_values_are_plain_or_refused(data):
    try:
        value = HostCodec(None).decode(data)
    except WireError:
        return
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting += [*each, *each.values()]
        elif isinstance(each, list | tuple | set | frozenset):
            waiting += each
        elif type(each) is Record:
            waiting += each._values.values()
        else:
            assert type(each) in PLAIN, type(each)


PLAIN = (
    type(None), bool, int, float, complex, str, bytes, range, Opaque, RemoteFunction, Decimal, dt.date, dt.time,
    dt.datetime, dt.timedelta,
)  # fmt: skip


@given(st.binary(max_size=200))
@settings(max_examples=500, deadline=None)
def test_noise_is_refused(data):
    frames = Frames()
    try:
        found = frames.feed(data)
    except WireError:
        return
    assert all(isinstance(m["t"], str) for m in found)


def test_answers_that_come_after_a_stop_are_no_requests() -> None:
    """A program stopped while it waited is not there when its answer comes; what the host wants next is served."""
    host, worker = socket.socketpair()
    with host, worker:
        link = Link(worker.fileno())
        host.sendall(frame({"t": "answer", "id": 7, "value": 1}) + frame({"t": "do", "id": 2, "what": "get"}))
        assert link.next_request() == {"t": "do", "id": 2, "what": "get"}
        host.sendall(frame({"t": "answer", "id": 9, "value": 1}) + frame({"t": "answer", "id": 1, "value": 2}))
        assert link.ask("input") == {"t": "answer", "id": 1, "value": 2}
        assert not link._answers
