"""`python -m tests.lowering.update`: writes what programs become now into their cases."""

from tests.lowering.cases import CASES, LINE, lowered, parts

for case in CASES:
    program, _ = parts(case)
    case.write_text(program + LINE + lowered(program), encoding="utf-8")
