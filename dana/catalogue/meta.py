"""Codes of the meta layer: E96x, changes to the behaviour of agents and their review."""

from __future__ import annotations

from dana.catalogue import Entry

ENTRIES: dict[str, Entry] = {
    "E960": Entry(
        "a file of accepted behaviour cannot be used",
        "`behaviours/TYPE.json` beside a program holds the wordings that were accepted for the agents of a type: a JSON\n"
        "object with `system_prompt`, `tool_descriptions` and `model`, each of them optional. The file is damaged, or has a\n"
        "key that no behaviour has. It is refused as a whole: a program does not go on with half of what was accepted.\n\n"
        '    {"tool_descriptions": {"track": "Where a parcel is."}}      right\n'
        '    {"permissions": ["net:*"]}                                  wrong: no wording',
    ),
    "E961": Entry(
        "a proposal goes beyond the wording of a behaviour",
        "What a proposal may change is the system prompt, the descriptions of tools that are there, and the model among\n"
        "those that were allowed. Checks, permissions, limits, tools, tasks, graders and records are out of its reach,\n"
        "whoever proposes: an agent that could change its judge would change that first.",
    ),
    "E962": Entry(
        "`meta` is used in a way it cannot be",
        "`watch` takes a blueprint, or a singleton agent, and options: `tasks` is a list of what `task(…)` gives, `window`\n"
        'a time such as "24h", `min_gain` a number from 0 to 1, `review` is "git" (a branch that a person accepts) or\n'
        '"none" (in effect for the rest of the run). `propose` is "rules", "model", or a function.',
        "from meta import watch\n\nwatch(7, tasks=[])\n",
        'from meta import task\n\nprint(task("where is parcel 7?", "track"))\n',
    ),
    "E963": Entry(
        "there is no git repository to propose in",
        "Proposals are branches of the git repository the program is in. There is no git, no repository, or no commit in\n"
        'it yet. `git init`, `git add` and `git commit` make one; where that is not wanted, `review="none"` keeps a change\n'
        "in the run that found it.",
    ),
    "E964": Entry(
        "a decision about a proposal cannot be carried out",
        "The behaviour was changed by somebody else since it was proposed or accepted, its files have changes that are not\n"
        "committed, the branch is checked out itself, or git refuses. Nothing was changed. Commit or put back what is\n"
        "there, or reject the proposal: the loop proposes again from what is there then.",
    ),
    "E965": Entry(
        "there is no such proposal",
        "Proposals are called by type and number (`Triage/3`), or by type alone where only one is meant. One that was\n"
        "accepted, rejected or taken back does not wait any more. `dana meta list` shows all with their states.",
    ),
    "E966": Entry(
        "a proposal's branch holds more than a proposal may",
        "A branch `dana/behaviours/TYPE/NUMBER` changes `behaviours/TYPE.json`, and the tests and evidence beside it. This\n"
        "one changes other files too, or none. It is not merged: code, checks and tests of judges are changed by people,\n"
        "on branches of their own.",
    ),
}
