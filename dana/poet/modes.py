"""The modes of options as enumerations (P32–P36), for Python code that likes them; the words say the same."""

from __future__ import annotations

from enum import StrEnum


class LearningMode(StrEnum):
    """How a function learns from its calls (P32)."""

    OFF = "off"
    ONLINE = "on"
    BATCH = "batch"
    HYBRID = "hybrid"


class InterruptMode(StrEnum):
    """When a person is asked (P33)."""

    OFF = "off"
    AUTO = "auto"
    ON = "on"
    ON_ERROR = "on_error"
    ON_CRITICAL = "on_critical"


class FeedbackMode(StrEnum):
    """Where feedback comes from (P34)."""

    REAL_WORLD = "real_world"
    SIMULATION = "simulation"
    HYBRID = "hybrid"
    SAFE_TESTING = "safe_testing"


class Priority(StrEnum):
    """How much a call matters (P35)."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    CRITICAL = "critical"


class FeedbackType(StrEnum):
    """What a person's answer does (P36)."""

    CORRECTION = "correction"
    GUIDANCE = "guidance"
    OVERRIDE = "override"
    DENIAL = "denial"


class Stage(StrEnum):
    """Where a person is asked (P36)."""

    PERCEIVE = "perceive"
    OPERATE = "operate"
    ENFORCE = "enforce"
