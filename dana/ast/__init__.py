"""The Dana syntax tree: immutable nodes, a walker, and `unparse`.

What comes out of the parser and goes through every later pass unchanged. A node is a tuple of its
fields, the first two being `start` and `end` (character offsets into the `Source`); so a tree is a
value, cheap to build, safe to share between a compiler, an editor and a formatter. Facts that passes
find out (bindings, types) live in side tables keyed by `id(node)`, never on the nodes.
"""

from dana.ast.nodes import *  # noqa: F403
