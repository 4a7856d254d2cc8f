def clean(text):
    return text.strip().lower()


def words(text):
    return text.split(" ")


def longest(items, least):
    return [item for item in items if len(item) >= least]


def summary(text):
    return len(longest(words(clean(text)), 4))


def bench(n):
    total = 0
    for _i in range(n):
        total += summary("  The Quick Brown Fox Jumps  ")
        total += len(words(clean("  Over Lazy Dogs ")))
    return total
