print("a\tb\\n\x41\u00e9\N{BULLET}\101 \"q\" 'r'", 'it\'s', r"raw\n\t", "line\
joined", """multi
line""", "ab" "cd" 'ef')
print(repr("tab\t nl\n quote' both'\""), repr("ünï\x00\x7f\u200b"), len("\0"), "a" * 0, "-" * 3)
print("\N{GREEK SMALL LETTER ALPHA}", "\U0001F600", ord("é"), chr(8364))
