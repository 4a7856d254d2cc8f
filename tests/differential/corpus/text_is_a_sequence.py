word = "héllo"
print([c for c in word], list(enumerate(word)), word[::-1], sorted(word), "".join(reversed(word)), max(word), len(word))
for i, c in enumerate(word):
    if c == "l":
        continue
    print(i, c, end=";")
print()
counts = {}
for c in "mississippi":
    counts[c] = counts.get(c, 0) + 1
print(counts, sorted(counts.items(), key=lambda p: (-p[1], p[0])))
