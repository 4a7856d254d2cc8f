print("%s is %d years, %.2f tall, %5s|%-5s|%05d, %x, %%" % ("Ann", 30, 1.756, "a", "b", 42, 255))
print("{} {} {0}".replace("{0}", "{}").format(1, 2, 3), "{0} {1} {0}".format("a", "b"), "{x:>5}".format(x=1), "{:,}".format(12345))
print("%(a)s-%(b)s" % {"a": 1, "b": 2}, "%s" % [1, 2], "%r" % "q", format(3.14159, ".3f"), format("x", ">4"))
