for n in range(2, 12):
    for d in range(2, n):
        if n % d == 0:
            print(n, "=", d, "*", n // d)
            break
    else:
        print(n, "is prime")
i = 0
while i < 3:
    i += 1
    if i == 9:
        break
else:
    print("while else", i)
for x in []:
    print("never")
else:
    print("empty else")
for x in range(5):
    if x == 1:
        continue
    if x == 3:
        break
else:
    print("never")
print(x)
