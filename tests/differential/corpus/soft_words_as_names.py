agent = 1
case = 2
test = [3]
resource, workflow, export = 4, 5, 6
match = {"type": 7}
type_ = "t"
print(agent + case, test[0], resource, workflow, export, match["type"])
def use(private, local=2): return private, local
print(use(1), use(private=3, local=4))
for interface in range(2):
    print(interface)
print([system for system in "ab"], (lambda public: public)(9))
