count = 0
def outer():
    total = 0
    def inner():
        nonlocal total
        global count
        total += 1
        count += 10
        return total
    inner()
    inner()
    return total
print(outer(), count)
def shadow():
    count = "local"
    def deeper():
        return count
    return deeper()
print(shadow(), count)
