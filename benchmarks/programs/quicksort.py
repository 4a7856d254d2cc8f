def quicksort(items, low, high):
    if low >= high:
        return
    pivot = items[(low + high) // 2]
    i = low
    j = high
    while i <= j:
        while items[i] < pivot:
            i += 1
        while items[j] > pivot:
            j -= 1
        if i <= j:
            items[i], items[j] = items[j], items[i]
            i += 1
            j -= 1
    quicksort(items, low, j)
    quicksort(items, i, high)


def bench(n):
    seed = 42
    items = []
    for i in range(n):
        seed = (seed * 1103515245 + 12345) % 2147483648
        items.append(seed)
    quicksort(items, 0, len(items) - 1)
    return [items[0], items[n // 2], items[-1]]
