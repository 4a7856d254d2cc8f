d = {1: 2, 3: 4}
try:
    for k in d:
        d[k + 10] = 1
except RuntimeError as e:
    print(e)
for k in list(d):
    del d[k]
print(d)
