def parse(text):
    try:
        return int(text)
    except ValueError:
        return -1
    finally:
        pass


def bench(n):
    words = ["12", "7", "x", "90", "1", "33", "5", "8", "2", "64"]
    total = 0
    for i in range(n):
        total += parse(words[i % 10])
    return total
