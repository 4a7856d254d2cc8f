"""Codes of the modules family."""

from __future__ import annotations

from dana.catalogue import Entry

ENTRIES: dict[str, Entry] = {}
