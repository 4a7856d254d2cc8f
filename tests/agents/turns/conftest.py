"""Agents with scripted models."""

from __future__ import annotations

import pytest

from dana import Engine
from dana.models import Scripted


class Ran:
    """A program that was run: its value, what its model was asked, what happened."""

    def __init__(self, program, replies, options):
        self.model = Scripted(list(replies))
        self.engine = Engine(model=self.model, cache=False, record=True, **options)
        self.value = self.engine.run(program)

    @property
    def asked(self):
        return self.model.asked

    @property
    def prompts(self):
        """All that was said to the model, as one text."""
        return "\n".join(request.prompt for request in self.asked)

    def happened(self, pattern):
        """Data of events of a kind."""
        return [event.data for event in self.engine.events(pattern)]


@pytest.fixture
def run():
    def running(program, *replies, **options):
        return Ran(program, replies, options)

    return running


@pytest.fixture
def call():
    """A reply that asks for a tool."""

    def calling(name, **arguments):
        return {"tool_calls": [{"name": name, "arguments": arguments}]}

    return calling
