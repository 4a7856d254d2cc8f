"""The world outside a program, approached with care: files, hosts, other programs.

What the natives `files`, `http` and `process` stand on. Their grants are asked of `program.policy`; here is what
makes a grant mean what it says. A path that was checked is opened without following any link that has been put
there since. A host name that was checked is resolved once, each address is judged, and the connection goes to that
address. Whatever arrives is counted before it is kept, after decompression too, and within a time limit that covers
all of it. What is started is ended, with all that it started.

    places      opening, listing, writing relative to folders that are held open; drafts that appear all at once
    encodings   which encodings there are, and what is said about bytes that are no text
    requests    HTTP requests, checked before anything is sent; what may follow a redirect
    addresses   which addresses a granted name may lead to
    exchange    the HTTP client: pinned connections, bounded answers
    children    a started program as the event loop sees it

Scripts are hostile, and so are servers and other processes: each module says what it assumes of whom.
"""
