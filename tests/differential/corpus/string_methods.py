s = "  Hello, World  "
print(s.strip(), s.lower(), s.upper(), s.split(), s.split(","), s.replace("l", "L", 2), s.find("W"), s.count("l"))
print("a,b,,c".split(","), "a b  c".split(" "), "abc".partition("b"), "abcabc".rpartition("b"), "x".join(["1", "2"]))
print("abc".startswith(("x", "a")), "abc".endswith("bc"), "abc"[1], "abc".index("c"), "a-b".rsplit("-", 1), "1\n2\r\n3".splitlines())
print("42".zfill(5), "-42".zfill(5), "ab".center(7, "*"), "ab".ljust(4) + "|", "ab".rjust(4), "title case".title(), "aBc".swapcase())
print("abc".isalpha(), "123".isdigit(), " ".isspace(), "".isalpha(), "Abc".casefold(), "x".encode(), "tacocat" == "tacocat"[::-1])
print("prefix-x".removeprefix("prefix-"), "x.py".removesuffix(".py"), "a\tb".expandtabs(4), "hello".translate({104: "J"}))
