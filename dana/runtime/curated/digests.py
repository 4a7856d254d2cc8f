"""`hashlib` and `hmac`: digests of bytes, without files and without work factors that run away."""

from __future__ import annotations

import hashlib as host
import hmac as host_hmac

from dana.runtime.curated import Curated
from dana.runtime.curated.values import Bounds, CuratedType, named, register, whole
from dana.runtime.stops import failure
from dana.runtime.typevalues import kind_of, short

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.runtime.program import Program

ALGORITHMS = "md5 sha1 sha224 sha256 sha384 sha512 sha3_224 sha3_256 sha3_384 sha3_512 blake2b blake2s".split()
MAX_ITERATIONS = 1_000_000


class Hash:
    """A digest in the making; also what `hmac.new` gives."""

    __slots__ = ("_bounds", "_made")

    def __init__(self, bounds: Bounds, made: Any) -> None:
        self._bounds = bounds
        self._made = made

    @property
    def name(self) -> str:
        """The algorithm."""
        return self._made.name  # type: ignore[no-any-return]

    @property
    def digest_size(self) -> int:
        """Bytes of the digest."""
        return self._made.digest_size  # type: ignore[no-any-return]

    @property
    def block_size(self) -> int:
        """Bytes of a block."""
        return self._made.block_size  # type: ignore[no-any-return]

    def update(self, data: bytes, /) -> None:
        """Take in more bytes."""
        self._made.update(octets(data))
        self._bounds.charge(len(data))

    def digest(self) -> bytes:
        """The digest of everything so far."""
        return self._made.digest()  # type: ignore[no-any-return]

    def hexdigest(self) -> str:
        """The digest as text."""
        return self._made.hexdigest()  # type: ignore[no-any-return]

    def copy(self) -> Hash:
        """Another one that has taken in the same."""
        return Hash(self._bounds, self._made.copy())

    def __repr__(self) -> str:
        return f"<{self.name} hash>"


def octets(data: Any) -> bytes:
    """Bytes, or the error that says how to make them of a text."""
    if isinstance(data, bytes):
        return data
    hint = "`text.encode()` makes bytes of a text" if isinstance(data, str) else ""
    raise failure(TypeError, "E601", f"a digest is made of bytes, not of {kind_of(data)}", hint)


def algorithm(name: Any) -> str:
    """The name of an algorithm: given as text, or as the function of `hashlib`."""
    found = name if isinstance(name, str) else getattr(name, "__name__", "")
    found = found.lower().replace("-", "_").replace("sha_", "sha")
    if found not in ALGORITHMS:
        from dana.diagnostics import suggest

        near = suggest(found, ALGORITHMS)
        hint = f"did you mean {near!r}?" if near else f"there are {', '.join(ALGORITHMS)}"
        raise failure(ValueError, "E602", f"{short(name)} is no algorithm for digests", hint)
    return str(found)


def _refuse(*_args: Any, **_keywords: Any) -> Any:
    raise failure(TypeError, "E601", "digests are made by `hashlib.sha256(data)` and its like, or by `hmac.new`")


def make_hashlib(program: Program) -> dict[str, Any]:
    bounds = Bounds(program)
    register(program, CuratedType("Hash", Hash, _refuse))

    def maker(name: str) -> Callable[..., Hash]:
        make = getattr(host, name)

        def digest(data: bytes = b"", /, *, usedforsecurity: bool = True) -> Hash:
            bounds.charge(len(octets(data)))
            return Hash(bounds, make(data, usedforsecurity=usedforsecurity))

        return named(name, digest)  # type: ignore[no-any-return]

    made = {name: maker(name) for name in ALGORITHMS}

    def new(name: str, data: bytes = b"", /, *, usedforsecurity: bool = True) -> Hash:
        """The digest of an algorithm given by name."""
        return made[algorithm(name)](data, usedforsecurity=usedforsecurity)

    def pbkdf2_hmac(hash_name: str, password: bytes, salt: bytes, iterations: int, dklen: Any = None) -> bytes:
        """A key made of a password."""
        whole(iterations, "iterations", 1, MAX_ITERATIONS)
        length = None if dklen is None else whole(dklen, "dklen", 1, 1024)
        bounds.charge(iterations * 64 * (1 + (length or 0) // 32))
        return host.pbkdf2_hmac(algorithm(hash_name), octets(password), octets(salt), iterations, length)

    return {**made, "new": new, "pbkdf2_hmac": pbkdf2_hmac, "algorithms_available": frozenset(ALGORITHMS)}


HASHLIB = {
    **dict.fromkeys(ALGORITHMS, "(data: any / = …, *, usedforsecurity: bool = …) -> @Hash"),
    "new": "(name: str /, data: any / = …, *, usedforsecurity: bool = …) -> @Hash",
    "pbkdf2_hmac": "(hash_name: str, password: any, salt: any, iterations: int, dklen: any = …) -> bytes",
    "algorithms_available": "any",
}
NO_HASHLIB = {
    "file_digest": "read the file, and digest its bytes",
    "scrypt": "use `pbkdf2_hmac`",
    "shake_128": "use `sha3_256`",
    "shake_256": "use `sha3_256`",
}


def make_hmac(program: Program) -> dict[str, Any]:
    bounds = Bounds(program)
    register(program, CuratedType("Hash", Hash, _refuse))

    def new(key: bytes, msg: Any = None, digestmod: Any = "") -> Hash:
        """A message authentication code in the making."""
        data = b"" if msg is None else octets(msg)
        bounds.charge(len(octets(key)) + len(data))
        return Hash(bounds, host_hmac.new(key, data, algorithm(digestmod)))

    def digest(key: bytes, msg: bytes, digest: Any) -> bytes:
        """The code of a message at once."""
        return new(key, msg, digest).digest()

    return {"new": new, "digest": digest, "compare_digest": host_hmac.compare_digest}


HMAC = {
    "new": "(key: any, msg: any = …, digestmod: any = …) -> @Hash",
    "digest": "(key: any, msg: any, digest: any) -> bytes",
    "compare_digest": "(a: any /, b: any /) -> bool",
}
FAMILY = {
    "hashlib": Curated(make_hashlib, HASHLIB, NO_HASHLIB),
    "hmac": Curated(make_hmac, HMAC, {"HMAC": "use `hmac.new`"}),
}
