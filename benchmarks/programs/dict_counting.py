def bench(n):
    words = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta"]
    counts = {}
    for i in range(n):
        word = words[i * i % 7]
        if word in counts:
            counts[word] += 1
        else:
            counts[word] = 1
    return sorted(counts.items())
