"""Codes of the world outside: files, HTTP, other programs (E530 to E539)."""

from __future__ import annotations

from dana.catalogue import Entry

ENTRIES: dict[str, Entry] = {
    "E530": Entry(
        "there is no such file",
        "Nothing has this path, or a folder in it is missing. A relative path starts from the folder the program is "
        "run in, not from the program's own. `files.exists(path)` asks first; FileNotFoundError is what to catch.",
        'import files\n\nfiles.write_text("prices.csv", "item,price\\n")\nprint(files.read_text("price.csv"))\n',
        'import files\n\nfiles.write_text("prices.csv", "item,price\\n")\nprint(files.read_text("prices.csv"))\n',
    ),
    "E531": Entry(
        "something else is there",
        "A folder stands where a file is wanted, or the other way round; a file is there already and may not be "
        "overwritten; a folder that is to be removed is not empty. Devices, pipes and sockets are not read or written.",
        'import files\n\nfiles.make_folder("out")\nfiles.write_text("out", "done")\n',
        'import files\n\nfiles.make_folder("out")\nfiles.write_text("out/report.txt", "done")\n',
    ),
    "E532": Entry(
        "more than is taken",
        "A file, a line, an answer or an output is larger than what may be taken at once. Read files line by line with "
        "`files.lines`, and answers with `http.stream_lines` or `http.download`; or raise the limit where it was set.",
        'import files\n\nfiles.write_text("log.txt", "a line\\n" * 100)\n'
        'print(files.read_text("log.txt", max_bytes=50))\n',
        'import files\n\nfiles.write_text("log.txt", "a line\\n" * 100)\n'
        'for line in files.lines("log.txt"):\n    print(line)\n',
    ),
    "E533": Entry(
        "not text in this encoding",
        "The bytes of a file are no text in the encoding it was read with, a text has a character the encoding "
        "cannot write, or there is no encoding of that name. Texts are UTF-8 unless another encoding is named.",
        'import files\n\nfiles.write_text("city.txt", "Zürich", encoding="cp1252")\n'
        'print(files.read_text("city.txt"))\n',
        'import files\n\nfiles.write_text("city.txt", "Zürich", encoding="cp1252")\n'
        'print(files.read_text("city.txt", encoding="cp1252"))\n',
    ),
    "E534": Entry(
        "the system refused",
        "The operating system does not let this user do it, the disk is full, a path is too long, or somebody "
        "exchanges files and links while they are opened. The message is the system's.",
        'import files\n\nfiles.write_text("x" * 300 + ".txt", "a name that is too long")\n',
        'import files\n\nfiles.write_text("x.txt", "a name that is short enough")\n',
    ),
    "E535": Entry(
        "a request that cannot be sent",
        "Addresses begin with http:// or https://, hold no blanks (`params=` escapes values) and no passwords (they "
        "belong into a header). Header names and values hold no line ends, and headers that http sets itself are "
        "refused. A request has one body: json, form or body.",
        'import http\n\nprint(http.get("example.com/prices"))\n',
        'import http\n\nprices = "https://example.com/prices"\nprint(prices.startswith("https://"))\n',
    ),
    "E536": Entry(
        "no complete answer",
        "The host cannot be found or takes no connection, it cannot prove who it is, the connection broke, the answer "
        "is not HTTP, it took longer than `timeout`, or it leads from place to place. ConnectionError or TimeoutError "
        "is what to catch; `@poet(retries=3)` asks again.",
        'import http\n\nprint(http.get("http://127.0.0.1:1/prices").text)\n',
        'import http\n\ntry:\n    print(http.get("http://127.0.0.1:1/prices").text)\n'
        'except ConnectionError:\n    print("nobody there")\n',
    ),
    "E537": Entry(
        "an answer that does not help",
        "The server answered with a status that says no (asked for by `raise_for_status()` or `type=`), or what it "
        "sent is not JSON or does not fit the type. Statuses that may pass (5xx, 408, 425, 429) are a "
        "ConnectionError, which `@poet` retries; all others are a ValueError.",
    ),
    "E538": Entry(
        "a package is not installed",
        "The module http stands on the Python package httpx, and re on regex. Both are installed with Dana by pip unless they were "
        "left out. Install them into the same environment: `pip install httpx regex`.",
    ),
    "E539": Entry(
        "a program that does not run",
        "There is no program of that name on the search path, it cannot be started, or it did not end in time. "
        'Programs are started without a shell: write name and arguments apart, as in `process.run("ls", "-l")`.',
        'import process\n\nprint(process.run("ls -l").output)\n',
        'import process\n\nprint(process.run("echo", "-l").output)\n',
    ),
}
