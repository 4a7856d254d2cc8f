print("before")
try:
    print({}["missing"])
finally:
    print("cleanup")
