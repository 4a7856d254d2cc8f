"""Codes of agents: E862–E867, how they run; E868–E869, what they are; E870–E875, their gates."""

from __future__ import annotations

from dana.catalogue import Entry

ENTRIES: dict[str, Entry] = {
    "E862": Entry(
        "agents would wait for each other",
        "An agent processes one message at a time. When A waits for B and B, on A's behalf or for somebody else, asks A, "
        "neither can ever answer, so the ask that closes the circle is refused at once, and the message names the way "
        "around. Send instead of asking where no answer is needed, or let a third agent hold what both need. The same is "
        "said of a hook or a tool whose turns begin each other ten deep.",
        "agent_blueprint Colleague:\n"
        "    other: any = None\n"
        "\n"
        "    def meet(self, colleague):\n"
        "        self.other = colleague\n"
        "\n"
        "    def ask(self):\n"
        "        return self.other.answer()\n"
        "\n"
        "    def answer(self):\n"
        "        return self.other.answer()\n"
        "\n"
        'ann = Colleague(name="Ann")\n'
        'bob = Colleague(name="Bob")\n'
        "ann.meet(bob)\n"
        "bob.meet(ann)\n"
        "print(ann.ask())\n",
        "agent_blueprint Colleague:\n"
        "    other: any = None\n"
        "\n"
        "    def meet(self, colleague):\n"
        "        self.other = colleague\n"
        "\n"
        "    def ask(self):\n"
        "        return self.other.answer()\n"
        "\n"
        "    def answer(self):\n"
        '        return "yes"\n'
        "\n"
        'ann = Colleague(name="Ann")\n'
        'bob = Colleague(name="Bob")\n'
        "ann.meet(bob)\n"
        "bob.meet(ann)\n"
        "print(ann.ask())\n",
    ),
    "E863": Entry(
        "an agent did not answer in time",
        "A call of an agent's method waits 30 seconds for its answer unless it says otherwise. An agent that waits then "
        "goes on with what it has begun; its late answer is dropped. One that still computes when the `timeout` of the "
        "ask is over is stopped. A message that had not begun is taken back. The error is a `Timeout`.",
        "import actors\n"
        "\n"
        "agent Slow:\n"
        "    def work(self) -> int:\n"
        "        return 1\n"
        "\n"
        "actors.pause(Slow)\n"
        "print(actors.ask(Slow.work, timeout=0.01))\n",
        "import actors\n"
        "\n"
        "agent Slow:\n"
        "    def work(self) -> int:\n"
        "        return 1\n"
        "\n"
        "print(actors.ask(Slow.work, timeout=5))\n",
    ),
    "E864": Entry(
        "an agent's mailbox is full",
        "A mailbox holds a bounded number of messages, 1000 unless its agent says otherwise. A sender waits until there "
        "is room; this error says that there was none in time. Memory stays bounded however fast messages come.",
        "import actors\n"
        "\n"
        "agent_blueprint Box:\n"
        "    def put(self):\n"
        '        print("put")\n'
        "\n"
        "box = Box()\n"
        "actors.supervise([actors.child(box, mailbox=1)])\n"
        "actors.pause(box)\n"
        "actors.tell(box.put)\n"
        "actors.tell(box.put, timeout=0.01)\n",
        "import actors\n"
        "\n"
        "agent_blueprint Box:\n"
        "    def put(self):\n"
        '        print("put")\n'
        "\n"
        "box = Box()\n"
        "actors.supervise([actors.child(box, mailbox=10)])\n"
        "actors.pause(box)\n"
        "actors.tell(box.put)\n"
        "actors.tell(box.put, timeout=0.01)\n",
    ),
    "E865": Entry(
        "a supervisor gave up",
        "A supervisor restarts an agent that crashes, at most `limit` times (3) within `within` seconds (5). One more, "
        "and it stops all its agents and fails itself, as a child of its own supervisor. When the root fails, the "
        "program ends.",
        "import actors\n"
        "\n"
        "agent_blueprint Clerk:\n"
        "    def work(self, order):\n"
        "        return order.total\n"
        "\n"
        "clerk = Clerk()\n"
        'actors.supervise([clerk], limit=0, restart="temporary")\n'
        "try:\n"
        "    clerk.work([])\n"
        "except AttributeError:\n"
        '    print("a bug")\n'
        "clerk.work([])\n",
        "import actors\n"
        "\n"
        "agent_blueprint Clerk:\n"
        "    def work(self, order):\n"
        "        return len(order)\n"
        "\n"
        "clerk = Clerk()\n"
        'actors.supervise([clerk], limit=0, restart="temporary")\n'
        "clerk.work([])\n",
    ),
    "E866": Entry(
        "an agent that is not running was spoken to",
        "An agent that was stopped, or that its supervisor no longer restarts, takes no messages; messages that "
        "wait when it stops are answered with this error. `.start()` starts it again, as new.",
        "import actors\n"
        "\n"
        "agent Clerk:\n"
        "    def work(self) -> str:\n"
        '        return "done"\n'
        "\n"
        "actors.stop(Clerk)\n"
        "print(Clerk.work())\n",
        "import actors\n"
        "\n"
        "agent Clerk:\n"
        "    def work(self) -> str:\n"
        '        return "done"\n'
        "\n"
        "actors.stop(Clerk)\n"
        "actors.start(Clerk)\n"
        "print(Clerk.work())\n",
    ),
    "E867": Entry(
        "a setting of a supervisor or an interrupt that cannot be",
        "Strategies are one_for_one, rest_for_one and one_for_all; children restart permanent, transient or temporary; "
        "a stop is complete, critical, best_effort or immediate. Limits are whole numbers, times are seconds.",
        "import actors\n"
        "\n"
        "agent Clerk:\n"
        "    def work(self) -> str:\n"
        '        return "done"\n'
        "\n"
        'actors.supervise([Clerk], strategy="one_for_two")\n'
        "print(Clerk.work())\n",
        "import actors\n"
        "\n"
        "agent Clerk:\n"
        "    def work(self) -> str:\n"
        '        return "done"\n'
        "\n"
        'actors.supervise([Clerk], strategy="one_for_all")\n'
        "print(Clerk.work())\n",
    ),
    "E868": Entry(
        "the state of an agent is its own",
        "Only the methods of an agent write its fields: everybody else would do so in the middle of a message it is "
        "processing. Reading is allowed; what could be changed is handed out as a copy. For the same reason an agent "
        "cannot be copied. Give the blueprint a method that does what is wanted, and call that.",
        "agent_blueprint Counter:\n    n: int = 0\n\nc = Counter()\nc.n = 5\nprint(c.n)\n",
        "agent_blueprint Counter:\n    n: int = 0\n\n    def set(self, n: int):\n        self.n = n\n\n"
        "c = Counter()\nc.set(5)\nprint(c.n)\n",
    ),
    "E869": Entry(
        "what agents are made of",
        "`agent A(B)` stands on an agent blueprint or on another agent; `agent A` is one agent, of which no others can be "
        "made: an `agent_blueprint` is there for that.",
        "agent Ada\n\nanother = type(Ada)()\nprint(another)\n",
        "agent_blueprint Clerk:\n    level: int = 1\n\nanother = Clerk()\nprint(another)\n",
    ),
    "E870": Entry(
        "a check refused something of an agent",
        "The checks and hooks of an agent look at requests, at what is said to models, at tools and at answers. One of them "
        "said no; the message names it and says why. In programs this is an `AgentError` with `.check`, `.point` and "
        "`.reason`.",
        "import agents\n\nagent_blueprint Clerk:\n    checks: list = [agents.request_check(most=20)]\n\n"
        'c = Clerk()\nprint(c.solve("please tell me all about everything", use_mock=true))\n',
        "import agents\n\nagent_blueprint Clerk:\n    checks: list = [agents.request_check(most=100)]\n\n"
        'c = Clerk()\nprint(c.solve("please tell me all about everything", use_mock=true))\n',
    ),
    "E871": Entry(
        "a check failed itself",
        "A check or a hook raised an error, or gave something that is no verdict. What guards must not be opened by "
        "breaking it, so this is a no. A check whose failure is harmless says `fail_open=true`; then what it could not "
        "judge may pass, and the ledger says so.",
        "agent_blueprint Clerk:\n    def before_agent(self, request):\n        return 1 / 0\n\n"
        'c = Clerk()\nprint(c.solve("Hello", use_mock=true))\n',
        "agent_blueprint Clerk:\n    def before_agent(self, request):\n        return true\n\n"
        'c = Clerk()\nprint(c.solve("Hello", use_mock=true))\n',
    ),
    "E872": Entry(
        "an agent takes no request now",
        "Its rate limit is reached, a hook said `retry`, or a model or tool has failed so often that it is left alone for "
        "a while. Nothing is wrong with the request: `e.retry_after` says in how many seconds to try again. "
        '`agents.rate_limit(…, when_full="wait")` waits by itself.',
        "import agents\n\nagent_blueprint Clerk:\n    checks: list = [agents.rate_limit(0.001, burst=1)]\n\nc = Clerk()\n"
        'print(c.solve("One", use_mock=true))\nprint(c.solve("Two", use_mock=true))\n',
        "import agents\n\nagent_blueprint Clerk:\n    checks: list = [agents.rate_limit(0.001, burst=2)]\n\nc = Clerk()\n"
        'print(c.solve("One", use_mock=true))\nprint(c.solve("Two", use_mock=true))\n',
    ),
    "E873": Entry(
        "the budget of an agent is used up",
        "`agents.budget(tokens=…, usd=…)` bounds what an agent uses over all its turns. Before a model is asked, an "
        "estimate is set aside; this one is more than is left. A restart of the agent gives it no new budget.",
        "import agents\n\nagent_blueprint Clerk:\n    checks: list = [agents.budget(tokens=1)]\n\nc = Clerk()\n"
        'print(c.solve("One", use_mock=true))\nprint(c.solve("Two", use_mock=true))\n',
        "import agents\n\nagent_blueprint Clerk:\n    checks: list = [agents.budget(tokens=10000)]\n\nc = Clerk()\n"
        'print(c.solve("One", use_mock=true))\nprint(c.solve("Two", use_mock=true))\n',
    ),
    "E874": Entry(
        "nobody approved it",
        "Something needs a person, and that person said no, did not answer in time, or there is none. "
        "`agents.on_approval(f)` says who is asked; at a terminal it is the person there. An approval holds for exactly "
        "what was asked, once.",
        "import agents\n\nagent_blueprint Clerk:\n    def before_agent(self, request):\n"
        '        return agents.ask("May it?")\n\nc = Clerk()\nprint(c.solve("Hello", use_mock=true))\n',
        "import agents\n\nagents.on_approval(lambda call: true)\n\nagent_blueprint Clerk:\n"
        '    def before_agent(self, request):\n        return agents.ask("May it?")\n\n'
        'c = Clerk()\nprint(c.solve("Hello", use_mock=true))\n',
    ),
    "E875": Entry(
        "a check, hook or tool that cannot be as it was said",
        "A parameter a check does not have, a value it cannot take, a point at which it does not stand, a hook that gives "
        "something other than a verdict, or an entry of `checks` that is no check. Checks are made by functions of the "
        "module `agents`.",
        "agent_blueprint Clerk:\n    checks: list = [3]\n\nc = Clerk()\nprint(c.solve('Hello', use_mock=true))\n",
        "import agents\n\nagent_blueprint Clerk:\n    checks: list = [agents.request_check()]\n\nc = Clerk()\n"
        "print(c.solve('Hello', use_mock=true))\n",
    ),
    "E876": Entry(
        "this cannot be remembered",
        "Memory keeps data: texts, numbers, lists, dicts, sets, tuples, dates, and structs of these, under a key that is a "
        "text of at most 500 characters. Functions, agents and resources are no data; a secret is not written down; a "
        "value of more than a million bytes is too large. Nothing is remembered in part.",
        "agent_blueprint Clerk:\n    level: int = 1\n\nc = Clerk()\nc.remember('adder', lambda x: x + 1)\n",
        "agent_blueprint Clerk:\n    level: int = 1\n\nc = Clerk()\nc.remember('step', 1)\n",
    ),
    "E877": Entry(
        "memory cannot be used",
        "The file in which agents remember cannot be opened, read or written: it is damaged or no memory at all, its "
        "folder is read-only, the disk is full, or another process does not let go of it. The file stays as it is, and "
        "what was remembered before is not lost. The error is an OSError.",
    ),
    "E878": Entry(
        "permissions of an agent that cannot be read",
        "An agent's field `permissions` is a list of texts, each a kind and a pattern as behind `--allow-…`: "
        '`"read:./data"`, `"net:api.acme.dev:443"`, `"model:*"`. The kinds are read, write, net, env, run, python and '
        "model. They are read when the agent is made, and narrow what its program was granted.",
        "agent_blueprint Clerk:\n    permissions: list = ['raed:./data']\n\nc = Clerk()\n",
        "agent_blueprint Clerk:\n    permissions: list = ['read:./data']\n\nc = Clerk()\n",
    ),
    "E879": Entry(
        "a pool has nothing to give",
        "All resources of a pool stayed in use for as long as `wait` says; the code asks for one while it uses all of them "
        "itself; most of the last tries to make one failed, so that the breaker refuses for a while; the pool was closed; "
        "or what it makes are no resources. The message says which.",
        "import resources\n\nresource Line:\n    name: str\n\npool = resources.pool(Line, size=1)\n"
        "with pool.take('a') as one:\n    with pool.take('a') as two:\n        print(two.name)\n",
        "import resources\n\nresource Line:\n    name: str\n\npool = resources.pool(Line, size=1)\n"
        "with pool.take('a') as one:\n    print(one.name)\nwith pool.take('a') as two:\n    print(two.name)\n",
    ),
    "W309": Entry(
        "a field of an agent that is nearly one with a meaning",
        "`tools`, `checks`, `permissions`, `instructions`, `max_turns` and `context_turns` are what an agent's turns go by. A "
        "field whose name is one of them without its last letter is the program's own, and no turn looks at it.",
        "def add(a: int, b: int) -> int:\n    return a + b\n\nagent_blueprint Clerk:\n    tool: list = [add]\n\n"
        "print(Clerk().tool | len)\n",
        "def add(a: int, b: int) -> int:\n    return a + b\n\nagent_blueprint Clerk:\n    tools: list = [add]\n\n"
        "print(Clerk().tools | len)\n",
    ),
}
