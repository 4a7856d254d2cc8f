"""A step of a pandas pipeline: each row is decided by the rules.

decided = frame.pipe(decide)
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import dana

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class Decision:
    approved: bool
    limit: float
    reason: str


engine = dana.Engine(limits=dana.Limits(wall_s=60.0))


@engine.host("bureau.score")
def score(name: str) -> int:
    """The rules may ask for a score; here it is always in the data."""
    raise LookupError(name)


assess = engine.load(Path(__file__).with_name("credit.na")).assess.returning(Decision)


def decide(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with the columns `approved`, `limit` and `reason`."""
    decisions = [assess(row) for row in frame[["name", "income", "debt", "score"]].to_dict("records")]
    return frame.assign(
        approved=[d.approved for d in decisions],
        limit=[d.limit for d in decisions],
        reason=[d.reason for d in decisions],
    )
