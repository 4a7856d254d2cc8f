"""IPV: from a question in words to a value of the expected type — infer, process, validate."""
