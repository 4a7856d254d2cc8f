"""Train: what is learnt about a function, each thing by a rule of its own (T1–T9), and each behind the same gate.

    latency.py     attempt timeout, retries and first wait, from how long attempts take (T1)
    faults.py      which faults are worth another attempt (T2)
    breakers.py    how long a breaker stays open (T3)
    variants.py    which of several prompts or models is best (T4)
    constants.py   the constants a programmer declared `learnable(low, high)`, by trials on a simulator or a KPI (T5)
    words.py       what words stand for, from corrections (T6)
    causes.py      weights of a diagnosis, from confirmed causes (T7)
    freshness.py   how long a cached result is kept (T8)
    fusion.py      simulation and reality as one feedback (T9, P111–P114)
    providers.py   who judges a call: reality, a simulation, both, a world without effects (P111–P114)

None of them draws a random number it was not handed or reads a clock; each can be carried to plain data and back. A
rule proposes; `dana.adaptive.improve` decides: what is not better with certainty on cases it was not made from is not
taken.
"""
