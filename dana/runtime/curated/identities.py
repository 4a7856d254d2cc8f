"""`uuid`, and the tokens of `secrets` (`secrecy` has the rest of it).

Entropy is the machine's; a program that is run with a seed is a test or a replay and draws from the seed instead,
so that the same program makes the same identifiers.
"""

from __future__ import annotations

import base64
import uuid as host

from dana.runtime.curated import Curated
from dana.runtime.curated.values import CuratedType, register, whole
from dana.runtime.stops import failure
from dana.runtime.typevalues import kind_of, short

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.runtime.program import Program

MAX_OCTETS = 1_000_000
DEFAULT_OCTETS = 32
FIELDS = (
    "bytes bytes_le clock_seq clock_seq_hi_variant clock_seq_low fields hex int node time time_hi_version time_low "
    "time_mid urn variant version"
).split()


class UUID:
    """A universally unique identifier."""

    __slots__ = ("_value",)

    def __init__(self, value: host.UUID) -> None:
        self._value = value

    def _dana_release(self) -> host.UUID:
        """What Python gets for it."""
        return self._value

    def __str__(self) -> str:
        return str(self._value)

    def __repr__(self) -> str:
        return repr(self._value)

    def __int__(self) -> int:
        return self._value.int

    def __eq__(self, other: object) -> Any:
        return self._value == other._value if isinstance(other, UUID) else NotImplemented

    def __lt__(self, other: Any) -> Any:
        return self._value < other._value if isinstance(other, UUID) else NotImplemented

    def __le__(self, other: Any) -> Any:
        return self._value <= other._value if isinstance(other, UUID) else NotImplemented

    def __gt__(self, other: Any) -> Any:
        return self._value > other._value if isinstance(other, UUID) else NotImplemented

    def __ge__(self, other: Any) -> Any:
        return self._value >= other._value if isinstance(other, UUID) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._value)


def _field(name: str) -> Any:
    return property(lambda each: getattr(each._value, name))


for _name in FIELDS:
    setattr(UUID, _name, _field(_name))


def _is_wellformed(values: dict[str, Any]) -> bool:
    return all(isinstance(v, int | str | bytes | tuple) for v in values.values())


def make_uuid_value(
    hex: Any = None,  # noqa: A002
    bytes: Any = None,  # noqa: A002
    bytes_le: Any = None,
    fields: Any = None,
    int: Any = None,  # noqa: A002
    version: Any = None,
) -> UUID:
    """An identifier of its text, bytes, fields or number."""
    given = {"hex": hex, "bytes": bytes, "bytes_le": bytes_le, "fields": fields, "int": int, "version": version}
    given = {name: value for name, value in given.items() if value is not None}
    if isinstance(hex, UUID):
        return hex
    if not _is_wellformed(given) or not (isinstance(hex, str) or hex is None):
        raise failure(TypeError, "E601", f"a UUID is made of its text, not of {kind_of(hex)}")
    try:
        return UUID(host.UUID(**given))
    except ValueError:
        raise failure(ValueError, "E602", f"{short(hex if hex is not None else given)} is no UUID") from None


def admitted(value: host.UUID) -> UUID:
    """The program's own identifier for one of Python's."""
    return UUID(value)


def entropy(program: Program) -> Any:
    """Where random bits come from: the machine, or a generator of its own for a program with a seed."""
    from random import Random, SystemRandom

    return SystemRandom() if program.seed is None else Random(f"entropy {program.seed}")  # noqa: S311


def make_uuid(program: Program) -> dict[str, Any]:
    random = entropy(program)
    kind = CuratedType("UUID", UUID, make_uuid_value, read=make_uuid_value)
    register(program, kind)

    def uuid4() -> UUID:
        """A random identifier."""
        return UUID(host.UUID(int=random.getrandbits(128), version=4))

    def uuid3(namespace: Any, name: str) -> UUID:
        """The identifier of a name (MD5)."""
        return UUID(host.uuid3(_space(namespace), name))

    def uuid5(namespace: Any, name: str) -> UUID:
        """The identifier of a name (SHA-1)."""
        return UUID(host.uuid5(_space(namespace), name))

    spaces = {name: UUID(getattr(host, name)) for name in SPACES}
    return {"UUID": kind, "uuid3": uuid3, "uuid4": uuid4, "uuid5": uuid5, **spaces}


def _space(namespace: Any) -> host.UUID:
    if not isinstance(namespace, UUID):
        raise failure(
            TypeError, "E601", f"a namespace is a UUID, not {kind_of(namespace)}", "such as `uuid.NAMESPACE_URL`"
        )
    return namespace._value


SPACES = ("NAMESPACE_DNS", "NAMESPACE_OID", "NAMESPACE_URL", "NAMESPACE_X500")
UUIDS = {
    "UUID": "(hex: any = …, bytes: any = …, bytes_le: any = …, fields: any = …, int: any = …, version: any = …) "
    "-> @UUID",
    "uuid3": "(namespace: any, name: str) -> @UUID",
    "uuid4": "() -> @UUID",
    "uuid5": "(namespace: any, name: str) -> @UUID",
    **dict.fromkeys(SPACES, "@UUID"),
}
NO_UUIDS = {"uuid1": "it shows the machine's address; use `uuid4`", "getnode": "it shows the machine's address"}


def make_secrets(program: Program) -> dict[str, Any]:
    from hmac import compare_digest

    random = entropy(program)

    def token_bytes(nbytes: Any = None) -> bytes:
        """Random bytes."""
        return random.randbytes(DEFAULT_OCTETS if nbytes is None else whole(nbytes, "nbytes", 0, MAX_OCTETS))  # type: ignore[no-any-return]

    def token_hex(nbytes: Any = None) -> str:
        """Random bytes as hexadecimal text."""
        return token_bytes(nbytes).hex()

    def token_urlsafe(nbytes: Any = None) -> str:
        """Random bytes as a text for addresses."""
        return base64.urlsafe_b64encode(token_bytes(nbytes)).rstrip(b"=").decode("ascii")

    def choice(seq: Any) -> Any:
        """One of the items."""
        if not hasattr(seq, "__getitem__") or not len(seq):
            raise failure(ValueError, "E602", "choice takes a list, tuple or text that is not empty")
        return seq[random.randrange(len(seq))]

    def randbelow(exclusive_upper_bound: int) -> int:
        """A whole number from 0 on, below the bound."""
        if exclusive_upper_bound <= 0:
            raise failure(ValueError, "E602", "the upper bound must be positive")
        return random.randrange(exclusive_upper_bound)  # type: ignore[no-any-return]

    def randbits(k: int) -> int:
        """A whole number of so many random bits."""
        return random.getrandbits(whole(k, "k", 0, 1 << 20))  # type: ignore[no-any-return]

    return {
        "token_bytes": token_bytes, "token_hex": token_hex, "token_urlsafe": token_urlsafe, "choice": choice,
        "randbelow": randbelow, "randbits": randbits, "compare_digest": compare_digest,
    }  # fmt: skip


SECRETS = {
    "token_bytes": "(nbytes: any = …) -> bytes",
    "token_hex": "(nbytes: any = …) -> str",
    "token_urlsafe": "(nbytes: any = …) -> str",
    "choice": "(seq: any) -> any",
    "randbelow": "(exclusive_upper_bound: int) -> int",
    "randbits": "(k: int) -> int",
    "compare_digest": "(a: any /, b: any /) -> bool",
}
FAMILY = {
    "uuid": Curated(make_uuid, UUIDS, NO_UUIDS),
}
