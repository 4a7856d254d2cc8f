"""Tools of other programs, over the Model Context Protocol (MCP, modelcontextprotocol.io): `use "mcp:…" as tools`.

    use "mcp:http://127.0.0.1:9000/mcp" as desk      a server that listens, over streamable HTTP
    use "mcp:stdio:python desk_server.py" as desk     a program that is started and spoken to through its pipes

    desk.search(query="door")                         a tool is called like a function; it is an effect
    reason("…", tools=[desk])                         offered to a model, which may ask for it

    using        `use`: what is asked for, whether it is granted
    server       `ToolServer`, what a program holds; a tool is an `Effect`
    connection   one conversation, on one event loop; the only importer of the SDK
    judging      where a request may go: the program's grants, the address a name really stands for
    arguments    what a tool takes: its JSON schema as types, for the model's arguments

What a server says about itself is not believed: every tool counts as one with side effects when it is offered to a
model, whatever its annotations say, and so needs somebody who confirms it, unless the program says otherwise. Names,
descriptions and answers are bounded. What a server may ask for in turn (sampling, elicitation, roots) is declined.

The SDK is the package `mcp`, an extra, loaded with the first `use`.
"""
