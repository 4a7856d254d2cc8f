"""What models cost: USD for a million tokens read and written.

The table holds list prices of models at their own provider, as of `AS_OF`. Prices change and discounts for cached or
batched tokens are not known here, so what comes out is an estimate from above; what a project pays goes under
`[model.prices]` in its `dana.toml`. A model that is in neither has no price: None, never 0.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from dana.models.messages import Usage

AS_OF = "2025-09"
MILLION = 1_000_000

# (provider, model) → USD per million tokens read, and written.
TABLE: dict[tuple[str, str], tuple[float, float]] = {
    ("openai", "gpt-5"): (1.25, 10.0),
    ("openai", "gpt-5-mini"): (0.25, 2.0),
    ("openai", "gpt-5-nano"): (0.05, 0.4),
    ("openai", "gpt-4.1"): (2.0, 8.0),
    ("openai", "gpt-4.1-mini"): (0.4, 1.6),
    ("openai", "gpt-4.1-nano"): (0.1, 0.4),
    ("openai", "gpt-4o"): (2.5, 10.0),
    ("openai", "gpt-4o-mini"): (0.15, 0.6),
    ("openai", "gpt-4-turbo"): (10.0, 30.0),
    ("openai", "gpt-3.5-turbo"): (0.5, 1.5),
    ("openai", "o3"): (2.0, 8.0),
    ("openai", "o3-mini"): (1.1, 4.4),
    ("openai", "o4-mini"): (1.1, 4.4),
}

# Models are also named with the day they were made: gpt-4o-mini-2024-07-18.
_DAY = re.compile(r"-20\d\d-\d\d-\d\d\Z")


def price_of(provider: str, model: str, own: Mapping[str, tuple[float, float]]) -> tuple[float, float] | None:
    """The price of a model: the project's own, else the table's; None when neither knows it."""
    plain = _DAY.sub("", model)
    for name in (model, plain):
        if name in own:
            return own[name]
    return TABLE.get((provider, plain))


def cost(price: tuple[float, float] | None, usage: Usage) -> float | None:
    """USD for a usage; None when the price is not known."""
    if price is None:
        return None
    return (usage.prompt_tokens * price[0] + usage.completion_tokens * price[1]) / MILLION
