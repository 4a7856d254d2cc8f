r"""Which of many texts is most like another one, by their words, without a model.

    ranked("late parcel", [("a", "the parcel was delayed"), …], 5)      [("a", 0.41), …], the most alike first

Words count as BM25 counts them: rare ones more than common ones, the first time more than the tenth, in short texts
more than in long ones. The groups of three letters inside of words count beside them, less than the words: `parcels` is
much like `parcel`, and a slip of the fingers still finds something. Scores are shares of what the text itself would
get: 1 says that all of it is there.
"""

from __future__ import annotations

import re
from math import log
from unicodedata import normalize

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

# The constants of BM25: how soon more of the same word counts no more, and how much the length of a text matters.
K1, B = 1.2, 0.75
# A word of so many letters counts in full, a shorter one for a part; what all groups of letters of a word count beside
# the word itself, and how long a word is that has them.
FULL = 6
ALL_GROUPS = 1.5
LEAST_GROUPED = 4
# Less alike than this is not alike.
LEAST = 0.08
# Of one text, this much is looked at; of a question, so many words.
LONGEST = 20_000
MOST_WORDS = 200
# So many texts are looked at between two questions whether to go on.
BATCH = 128
_WORD = re.compile(r"[^\W_]+")
_ESCAPE = re.compile(r"\\(?:u[0-9a-f]{4}|.)")


def words(text: str) -> list[str]:
    """The words of a text, as they are compared; what JSON escapes separates."""
    plain = normalize("NFKC", _ESCAPE.sub(" ", text[:LONGEST]))
    return _WORD.findall(plain.casefold())


def features(found: Iterable[str]) -> dict[str, float]:
    """What is counted of words: each as often as it occurs, and the groups of three letters in it."""
    counts: dict[str, float] = {}
    for word in found:
        counts[word] = counts.get(word, 0.0) + min(len(word), FULL) / FULL
    for word, count in list(counts.items()):
        if len(word) >= LEAST_GROUPED:
            edged = f"^{word}$"
            groups = [edged[at : at + 3] for at in range(len(edged) - 2)]
            for group in groups:
                name = f" {group}"  # no word has a space
                counts[name] = counts.get(name, 0.0) + count * ALL_GROUPS / len(groups)
    return counts


def ranked(
    wanted: str, texts: Sequence[tuple[str, str]], limit: int, check: Callable[[], object] | None = None
) -> list[tuple[str, float]]:
    """Names of the texts most like `wanted`, with scores from 0 to 1; equals in the order they came in.

    `check()` is called now and then, and may raise what ends it.
    """
    asked = features(words(wanted)[:MOST_WORDS])
    if not asked:
        return []
    held: list[tuple[dict[str, float], int]] = []
    for number, (_, text) in enumerate(texts):
        if check is not None and number % BATCH == 0:
            check()
        found = words(text)
        counts = features(found)
        held.append(({name: counts[name] for name in asked.keys() & counts.keys()}, len(found)))
    if not held:
        return []
    average = sum(length for _, length in held) / len(held) or 1.0
    weights = _weights(asked, [counts for counts, _ in held])
    whole = sum(count * weights[name] * _counted(count, 1.0) for name, count in asked.items())
    scores = []
    for (name, _), (counts, length) in zip(texts, held, strict=True):
        longer = length / average
        score = sum(asked[each] * weights[each] * _counted(count, longer) for each, count in counts.items()) / whole
        if score >= LEAST:
            scores.append((name, round(min(1.0, score), 4)))
    scores.sort(key=lambda each: -each[1])
    return scores[:limit]


def _weights(asked: dict[str, float], held: list[dict[str, float]]) -> dict[str, float]:
    """How much each feature says: the fewer texts have it, the more."""
    several = {name: sum(1 for counts in held if name in counts) for name in asked}
    return {name: log(1.0 + (len(held) - n + 0.5) / (n + 0.5)) for name, n in several.items()}


def _counted(count: float, longer: float) -> float:
    """What a feature that occurs so often counts, in a text that is so much longer than others."""
    return count * (K1 + 1.0) / (count + K1 * (1.0 - B + B * longer))
