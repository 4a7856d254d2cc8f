def bench(n):
    text = ""
    for i in range(n):
        text += "item " + str(i) + ";"
    parts = []
    for word in text.split(";"):
        parts.append(word.strip().upper())
    return len("-".join(parts))
