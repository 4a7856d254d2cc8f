"""What the functions of one program share: the switch, warnings, who is asked at a terminal."""

from __future__ import annotations

import logging
from typing import ClassVar

import pytest

from dana.poet import disable, enable
from dana.poet.interrupts import Terminal
from dana.poet.python import Host, poet, shared_host
from dana.poet.registry import Registry, registry_of
from dana.poet.registry import _value_of as value_of


def test_all_functions_of_the_shared_host_are_switched_at_once():
    called = []

    @poet(retries=1, backoff=0)
    def fails():
        called.append(1)
        raise ConnectionError("no")

    disable()
    try:
        with pytest.raises(ConnectionError):
            fails()
        assert registry_of(shared_host()).off
    finally:
        enable()
    with pytest.raises(Exception, match="2 attempts"):
        fails()
    assert len(called) == 3


def test_a_warning_is_said_once(caplog):
    registry = Registry(Host())
    with caplog.at_level(logging.WARNING, "dana.poet"):
        registry.warn("key", "careful")
        registry.warn("key", "careful")
    assert caplog.messages == ["careful"]


def test_a_host_that_logs_is_told():
    class Logging(Host):
        said: ClassVar[list] = []

        def log(self, level, text):
            self.said.append((level, text))

    Registry(Logging()).warn("key", "careful")
    assert Logging.said == [("warning", "careful")]


def test_ids_differ_and_are_seeded_where_the_program_is():
    class Seeded(Host):
        seed = 7

    registry, other = Registry(Seeded()), Registry(Host())
    assert [registry.new_id(), registry.new_id()] == ["s7-1", "s7-2"]
    assert other.new_id() != Registry(Host()).new_id()


def test_a_person_at_a_terminal_is_asked(monkeypatch):
    class Talking(Host):
        prints_on_terminal = True

        def read(self, _prompt=""):
            return ""

        def write(self, _text):
            pass

    monkeypatch.setattr("dana.poet.registry._is_person_there", lambda: True)
    assert isinstance(Registry(Talking()).interrupts.fallback, Terminal)
    monkeypatch.setattr("dana.poet.registry._is_person_there", lambda: False)
    assert not isinstance(Registry(Talking()).interrupts.fallback, Terminal)


def test_what_people_type_is_a_value():
    assert value_of("3") == 3
    assert value_of('{"a": 1}') == {"a": 1}
    assert value_of("three") == "three"
    for half in ("{", "[1", '"x'):
        with pytest.raises(ValueError, match=r".+"):
            value_of(half)
