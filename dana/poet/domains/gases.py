"""Gases of a process, however they are listed, and pairs that must never meet in a line.

    gases_of("SiH₄ (50 sccm) + O2")              {"sih4", "o2"}
    gases_of([{"name": "silane", "flow": 20}])   {"sih4"}

A list with something in it that is no gas known here is refused: an interlock that skips what it cannot read is none.
"""

from __future__ import annotations

import re
from unicodedata import normalize

from dana.poet.domains.written import MAX_TEXT, MISSING, NotUnderstoodError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

# Formulas by themselves, and what they are called.
FORMULAS = frozenset(
    "ar he ne kr xe n2 o2 o3 h2 f2 cl2 br2 i2 hcl hbr hf hi h2o h2s nh3 no no2 n2o nf3 co co2 cos so2 sf4 sf6 sif4 "
    "sicl4 sih4 si2h6 sih2cl2 sihcl3 sibr4 geh4 gef4 ph3 ash3 bcl3 bf3 bbr3 b2h6 wf6 ticl4 cf4 c2f4 c2f6 c3f6 c3f8 "
    "c4f6 c4f8 c5f8 chf3 ch2f2 ch3f chcl3 ccl4 ccl2f2 cbrf3 cf3i clf3 xef2 ch4 c2h2 c2h4 c2h6 c3h6 c3h8 ch3oh "
    "d2 air".split()
)
NAMES = {
    "silane": "sih4", "monosilane": "sih4", "disilane": "si2h6", "dichlorosilane": "sih2cl2", "oxygen": "o2",
    "ozone": "o3", "hydrogen": "h2", "chlorine": "cl2", "fluorine": "f2", "ammonia": "nh3", "argon": "ar",
    "nitrogen": "n2", "helium": "he", "neon": "ne", "krypton": "kr", "xenon": "xe", "nitrous oxide": "n2o",
    "nitric oxide": "no", "nitrogen trifluoride": "nf3", "carbon monoxide": "co", "carbon dioxide": "co2",
    "carbon tetrafluoride": "cf4", "tetrafluoromethane": "cf4", "trifluoromethane": "chf3", "fluoroform": "chf3",
    "sulfur hexafluoride": "sf6", "sulphur hexafluoride": "sf6", "sulfur dioxide": "so2", "hydrogen bromide": "hbr",
    "hydrogen chloride": "hcl", "boron trichloride": "bcl3", "octafluorocyclobutane": "c4f8", "methane": "ch4",
    "ethylene": "c2h4", "acetylene": "c2h2", "phosphine": "ph3", "arsine": "ash3", "diborane": "b2h6",
    "tungsten hexafluoride": "wf6", "chlorine trifluoride": "clf3", "water vapor": "h2o", "water vapour": "h2o",
    "deuterium": "d2",
}  # fmt: skip
# What stands between gases and says how much of them there is.
_BETWEEN = frozenset(
    "and with plus in of at by to ratio mix mixture mixed blend balance diluted dilute flow flows gas gases process "
    "carrier purge plasma sccm slm slpm ppm percent pct vol min none no".split()
)
_LONGEST = sorted((name for name in NAMES if " " in name), key=len, reverse=True)
_WORD = re.compile(r"[^\W_]+(?:\.[0-9]+)?")
_AMOUNT = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:sccm|slm|slpm|ppm|x)?")
_NONE = frozenset({"no", "none"})
# In a dict that describes one gas: where its name is.
_KEYS = ("name", "gas", "formula", "species")
_DEEPEST = 4


def gases_of(value: Any, others: Collection[str] = (), depth: int = 0) -> set[str]:
    """The formulas in a text, a list, a dict with flows or a list of dicts, in small letters.

    `others`: further formulas that are known here. Raises `NotUnderstoodError`.
    """
    if value is None:
        return set()
    if value.__class__ is str:
        return _of_text(value, others)
    if value.__class__ is dict and depth < _DEEPEST:
        return _of_dict(value, others, depth + 1)
    if value.__class__ in (list, tuple, set, frozenset) and depth < _DEEPEST:
        return {gas for part in value for gas in gases_of(part, others, depth + 1)}
    msg = f"{value!r:.60} names no gases: a text, a list, or a dict with flows does"
    raise NotUnderstoodError(msg)


def _of_dict(value: dict[Any, Any], others: Collection[str], depth: int) -> set[str]:
    """Gases by name with flows, or one gas with its name under a key; texts and lists beside it are read, too."""
    is_one = any(each in value for each in _KEYS)
    found: set[str] = set()
    for key, part in value.items():
        said = str(key).lower()
        if is_one:
            found |= {NAMES.get(said, said)} & FORMULAS
        else:
            found |= _of_text(str(key), others, must=False)
        if part.__class__ is str:
            found |= _of_text(part, others, must=key in _KEYS)
        elif part.__class__ not in (int, float, bool):
            found |= gases_of(part, others, depth)
    return found


def _of_text(value: str, others: Collection[str], *, must: bool = True) -> set[str]:
    """The gases of a text; `must`: a text that names none must say so ("none")."""
    if len(value) > MAX_TEXT:
        msg = f"the text is longer than {MAX_TEXT} characters"
        raise NotUnderstoodError(msg)
    text = " ".join(normalize("NFKC", value).lower().split())
    for name in _LONGEST:
        text = text.replace(name, f" {NAMES[name]} ")
    found: set[str] = set()
    for word in _WORD.findall(text):
        formula = NAMES.get(word, word)
        # "no" beside other words is a word; nitric oxide is spelled "NO" or out.
        if (formula in FORMULAS and (formula != "no" or "NO" in value or word != "no")) or formula in others:
            found.add(formula)
        elif word not in _BETWEEN and not _AMOUNT.fullmatch(word):
            msg = f"{value!r:.60} has {word!r} in it, which is no gas that is known"
            raise NotUnderstoodError(msg)
    if must and not found and text not in MISSING and _NONE.isdisjoint(text.split()):
        msg = f"{value!r:.60} names no gas"
        raise NotUnderstoodError(msg)
    return found
