"""A FastAPI service whose decisions are made by Dana: `uvicorn service:app`.

Requests are pydantic models, the rules see structs, responses are pydantic models again. While the rules wait for
the bureau, other requests are served; a request that the client gives up is cancelled, and so are its rules.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

import dana

SCORES = {"Ann": 720, "Bob": 430}


class Applicant(BaseModel):
    name: str
    income: float
    debt: float = 0.0
    score: int = 0


class Decision(BaseModel):
    approved: bool
    limit: float
    reason: str


# Nothing is granted but the bureau: the rules cannot read files or reach any other host.
engine = dana.Engine(
    allow=dana.Allow(net=["bureau.example"]),
    limits=dana.Limits(steps=1_000_000, wall_s=2.0),
)


@engine.host("bureau.score", needs={"net:bureau.example"}, timeout=1.0)
async def score(name: str) -> int:
    """Stands for a request to a credit bureau."""
    await asyncio.sleep(0)
    if name not in SCORES:
        raise LookupError(f"the bureau does not know {name}")
    return SCORES[name]


rules = engine.load(Path(__file__).with_name("credit.na"))
app = FastAPI()


@app.post("/decisions")
async def decide(applicant: Applicant) -> Decision:
    try:
        return await rules.enriched.returning(Decision).acall(applicant)
    except dana.RuntimeFault as fault:
        if isinstance(fault.__cause__, LookupError):
            raise HTTPException(404, str(fault.__cause__)) from fault
        raise HTTPException(500, fault.diagnostics[0].message) from fault


@app.post("/formula")
async def formula(applicant: Applicant, text: str) -> dict[str, float]:
    """A formula the user has typed, over the applicant's fields."""
    try:
        value = await engine.aeval(text, **applicant.model_dump(exclude={"name"}))
    except dana.DanaError as error:
        raise HTTPException(422, [d.to_json() for d in error.diagnostics]) from error
    return {"value": value}
