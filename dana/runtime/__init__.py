"""What a compiled Dana program runs on: one `Program` per run, and the helpers compiled code calls.

In comes a code object whose globals are one module's variables; the `Program` gives it its builtins
(curated functions, and the helpers of `docs/architecture.md` section 5, whose names begin with a dot).
Out comes a value, or an exception that `faults.diagnose` turns into what people read.

    program     one run's state: modules, scopes, builtins, sources, resources
    meter       steps, depth and time, compiled into every loop
    coercion    run-time types and what converts into them          typevalues  `int`, `list[int]` as values
    structs     struct classes                                      lifecycle   resources
    methods     receiver methods, interfaces, checked stores
    pipelines   `|` decided at run time                             scopes      `public:` and `system:`
    families    names and helpers, loaded when code asks for them   modules     `import`
    builtins    curated names: types, values                        iteration, output, absent: the others
    stops       what ends a program                                 exceptions  Dana's names, sanitised `e`
    faults      exception → diagnostic

Absent on purpose: parsing (what runs never parses), any state outside `Program`, and any way from a
value back into the interpreter: what compiled code can hold is plain data, structs, functions and the
few classes of this package, whose attributes either mean something in Dana or begin with an underscore,
and no Dana text can spell those (`abi.mangle`).
"""
