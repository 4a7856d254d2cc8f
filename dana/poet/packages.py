"""Parameter packages: what was learnt about functions, as a file that can be given to somebody else (P130–P133).

    {
      "format_version": "1.0",
      "metadata": {"name": …, "version": …, "author": …, "created_at": …, "dana_version": …, "privacy": "private"},
      "functions": {"loans.score": {"domain": "-", "parameters": {…}, "confidence": {…}, "evidence": {…}}},
      "checksum": "sha256:…",
      "signature": "hmac-sha256:…"
    }

The checksum and the signature are taken of one text: the canonical JSON (`dana.adaptive.canonical`) of the document
without these two fields. A checksum shows damage, a signature (made with a key both sides know) also forgery.

Importing is by a typed allow-list: a value is taken over only if the function has a knob of this name that takes it.
Nothing in a package is ever run, and nothing that is not a plain number, text, true or false gets in or out.
"""

from __future__ import annotations

import json
import os

from dana.abi import VERSION
from dana.adaptive.canonical import canonical, whole
from dana.adaptive.redaction import Redactor
from dana.adaptive.subject import KnobError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from typing import Any, Self

    from dana.adaptive.subject import Subject

FORMAT = "1.0"
MAX_FILE = 4 << 20
MAX_TEXT = 10_000
MAX_FUNCTIONS = 10_000
STRATEGIES = ("merge", "replace", "selective")
PRIVACY = ("private", "enterprise", "public")


class PackageError(ValueError):
    """A package cannot be read, is damaged or forged, or does not fit; `hint` says what to do. Nothing was changed."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class Imported:
    """What an import did: `taken` values, and `left_out` with the reason of each, as `(function, name, reason)`."""

    __slots__ = ("left_out", "taken")

    def __init__(self) -> None:
        self.taken: list[tuple[str, str, Any]] = []
        self.left_out: list[tuple[str, str, str]] = []

    def __repr__(self) -> str:
        return f"Imported({len(self.taken)} taken, {len(self.left_out)} left out)"


class _ForEither:
    """A method that may be called on the class too: it is then called on a new object."""

    def __init__(self, method: Callable[..., Any]) -> None:
        self._method = method
        self.__doc__ = method.__doc__

    def __get__(self, instance: Any, owner: type) -> Callable[..., Any]:
        method: Callable[..., Any] = self._method.__get__(owner() if instance is None else instance, owner)
        return method


class ParameterPackage:
    """Parameters of one function and domain, or of several (`add`).

    `parameters`: name → value; `metadata`: texts about the package; `version`: its own version ("1.0" by default).
    """

    def __init__(
        self,
        function_id: str = "",
        domain: str = "-",
        parameters: Mapping[str, Any] | None = None,
        *,
        metadata: Mapping[str, str] | None = None,
        version: str = "1.0",
    ) -> None:
        self.function_id = function_id
        self.domain = domain
        self.version = version
        self.metadata = {"name": function_id or "parameters", "version": version, "dana_version": VERSION}
        self.metadata |= {"privacy": "private"} | dict(metadata or {})
        if self.metadata["privacy"] not in PRIVACY:
            msg = f"privacy is one of {', '.join(PRIVACY)}, not {self.metadata['privacy']!r}"
            raise PackageError(msg)
        self.functions: dict[str, dict[str, Any]] = {}
        if function_id:
            self.add(function_id, domain, parameters or {})

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters of the function the package was made for; what is put in is looked at when it is written."""
        found: dict[str, Any] = self.functions[self.function_id]["parameters"] if self.function_id else {}
        return found

    @parameters.setter
    def parameters(self, parameters: Mapping[str, Any]) -> None:
        if not self.function_id:
            msg = "the package is for no single function"
            raise PackageError(msg, "name the function where you make the package, or use `add`")
        self.add(self.function_id, self.functions[self.function_id]["domain"], parameters)

    def add(
        self,
        function_id: str,
        domain: str,
        parameters: Mapping[str, Any],
        *,
        confidence: Mapping[str, float] | None = None,
        evidence: Mapping[str, Any] | None = None,
    ) -> None:
        """Put the parameters of a function in. Secrets are left out. Raises `PackageError`."""
        values = _kept(function_id, parameters)
        sure = {name: float(share) for name, share in (confidence or {}).items() if name in values}
        self.functions[function_id] = {
            "domain": domain, "parameters": values, "confidence": sure, "evidence": dict(evidence or {}),
        }  # fmt: skip

    # --- to a file and back -----------------------------------------------------------------------

    def to_text(self, key: bytes | None = None) -> str:
        """The package as text; signed when there is a key. Raises `PackageError` for values that no package has."""
        own = self.functions.get(self.function_id)
        if isinstance(own, dict) and isinstance(own.get("parameters"), dict):
            own["parameters"] = _kept(self.function_id, own["parameters"])
        document: dict[str, Any] = {
            "format_version": FORMAT, "metadata": self.metadata, "functions": self.functions,
        }  # fmt: skip
        sealed = canonical(document)
        document["checksum"] = _checksum(sealed)
        if key is not None:
            document["signature"] = _signature(sealed, key)
        return whole(json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True)) + "\n"

    def export_to_file(self, path: str | os.PathLike[str], *, key: bytes | None = None) -> None:
        """Write the package to a file, whole or not at all. Raises `PackageError`."""
        beside = f"{os.fspath(path)}.{os.getpid()}.new"
        try:
            with open(beside, "w", encoding="utf-8") as stream:
                stream.write(self.to_text(key))
            os.replace(beside, path)
        except OSError as error:
            if os.path.exists(beside):
                os.remove(beside)
            msg = f"`{os.fspath(path)}` cannot be written: {error.strerror or error}"
            raise PackageError(msg) from error

    @_ForEither
    def import_from_file(self, path: str | os.PathLike[str], *, key: bytes | None = None) -> Self:
        """Read a package; with a key, only one that was signed with it. Raises `PackageError`.

        `ParameterPackage.import_from_file(path)` makes a package; `package.import_from_file(path)` takes over what is
        in the file, in the place of what it held, and gives the package.
        """
        read = self._read_from(path, key)
        self.__dict__.update(read.__dict__)
        return self

    @classmethod
    def _read_from(cls, path: str | os.PathLike[str], key: bytes | None) -> Self:
        name = os.fspath(path)
        try:
            with open(path, "rb") as stream:
                data = stream.read(MAX_FILE + 1)
        except OSError as error:
            msg = f"`{name}` cannot be read: {error.strerror or error}"
            raise PackageError(msg) from error
        if len(data) > MAX_FILE:
            msg = f"`{name}` is larger than {MAX_FILE >> 20} MiB: no package is"
            raise PackageError(msg)
        return cls.from_text(data.decode("utf-8", "replace"), key=key, name=name)

    @classmethod
    def from_text(cls, text: str, *, key: bytes | None = None, name: str = "the package") -> Self:
        """A package from its text. Raises `PackageError` for anything that is not exactly one."""
        try:
            document = json.loads(text, parse_constant=_no_constant)
        except (ValueError, RecursionError) as damaged:
            msg = f"`{name}` is damaged: {damaged}"
            raise PackageError(msg, "ask for it again") from damaged
        _check_document(document, name)
        checksum, signature = document.pop("checksum"), document.pop("signature", None)
        sealed = canonical(document)
        if checksum != _checksum(sealed):
            msg = f"`{name}` is damaged: its checksum does not fit what it holds"
            raise PackageError(msg, "ask for it again, or export it anew after a change by hand")
        if key is not None:
            from hmac import compare_digest

            if signature is None or not compare_digest(signature, _signature(sealed, key)):
                why = "is not signed" if signature is None else "was not signed with this key"
                msg = f"`{name}` {why}"
                raise PackageError(msg, "import it without a key only if you trust where it comes from")
        made = cls(metadata=document["metadata"], version=str(document["metadata"].get("version", "1.0")))
        made.functions = document["functions"]
        if len(made.functions) == 1:
            ((made.function_id, entry),) = made.functions.items()
            made.domain = entry["domain"]
        return made

    # --- taking over ------------------------------------------------------------------------------

    def validate_compatibility(self, environment: Mapping[str, Subject]) -> bool:
        """Whether every function in it exists there (id → subject) and takes every value: safe to import as it is."""
        return all(
            function_id in environment and not _unfit(environment[function_id], entry["parameters"])
            for function_id, entry in self.functions.items()
        )

    def apply(
        self,
        environment: Mapping[str, Subject],
        *,
        strategy: str = "merge",
        confidence: Mapping[str, Mapping[str, float]] | None = None,
        only: Collection[str] = (),
    ) -> Imported:
        """Make the values current, as a new version of each function; what does not fit is left out and reported.

        `strategy`: "merge" takes what is more certain than what is there (`confidence`: function → name → share;
        what nobody is certain about is taken), "replace" takes everything, "selective" the names in `only`.
        """
        if strategy not in STRATEGIES:
            msg = f"there is no strategy {strategy!r}; there are {', '.join(STRATEGIES)}"
            raise PackageError(msg)
        done = Imported()
        for function_id, entry in self.functions.items():
            subject = environment.get(function_id)
            if subject is None:
                done.left_out.append((function_id, "*", "there is no such function here"))
                continue
            values = {}
            unfit = _unfit(subject, entry["parameters"])
            here = (confidence or {}).get(function_id, {})
            for name, value in entry["parameters"].items():
                reason = unfit.get(name) or _unwanted(name, strategy, entry["confidence"], here, only)
                if reason:
                    done.left_out.append((function_id, name, reason))
                else:
                    values[name] = value
            if values:
                source = f"package {self.metadata.get('name')} {self.metadata.get('version')}"
                subject.promote(values, {"source": source, **entry["evidence"]})
                done.taken.extend((function_id, name, value) for name, value in values.items())
        return done


def _unwanted(
    name: str, strategy: str, theirs: Mapping[str, float], ours: Mapping[str, float], only: Collection[str]
) -> str:
    if strategy == "selective":
        return "" if name in only else "it was not chosen"
    if strategy == "merge" and ours.get(name, 0.0) > theirs.get(name, 0.5):
        return f"what is here is more certain ({ours[name]:g} against {theirs.get(name, 0.5):g})"
    return ""


def _unfit(subject: Subject, parameters: Mapping[str, Any]) -> dict[str, str]:
    """Why values cannot be taken over, by name."""
    reasons = {}
    for name, value in parameters.items():
        knob = subject.knobs.get(name)
        if knob is None:
            reasons[name] = "the function has no such parameter"
        elif knob.safety:
            reasons[name] = "it protects somebody: only people set it"
        else:
            try:
                knob.check(value)
            except KnobError as refused:
                reasons[name] = str(refused)
    return reasons


def _checksum(sealed: str) -> str:
    from hashlib import sha256

    return "sha256:" + sha256(sealed.encode("utf-8", "surrogatepass")).hexdigest()


def _signature(sealed: str, key: bytes) -> str:
    import hmac

    return "hmac-sha256:" + hmac.digest(key, sealed.encode("utf-8", "surrogatepass"), "sha256").hex()


def _no_constant(word: str) -> Any:
    msg = f"{word} is no value of JSON"
    raise ValueError(msg)


def _kept(function_id: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that a package may have, without secrets. Raises `PackageError`."""
    hidden = Redactor()
    values = {}
    for name, value in parameters.items():
        _check_value(function_id, name, value)
        if not hidden.is_secret(name) and (value.__class__ is not str or hidden.text(value) == value):
            values[name] = value
    return values


def _check_value(function_id: str, name: Any, value: Any) -> None:
    if name.__class__ is not str or not name.isidentifier() or name.startswith("_") or len(name) > 100:
        msg = f"`{function_id}`: {str(name)[:100]!r} is no name of a parameter"
        raise PackageError(msg)
    if value.__class__ not in (int, float, bool, str):
        msg = f"`{function_id}`: `{name}` is {value.__class__.__name__}; a parameter is a number, text, true or false"
        raise PackageError(msg)
    if value.__class__ is str and len(value) > MAX_TEXT:
        msg = f"`{function_id}`: the text of `{name}` is longer than {MAX_TEXT} characters"
        raise PackageError(msg)
    if value.__class__ is float and value - value != 0:
        msg = f"`{function_id}`: `{name}` is {value}, which is no value"
        raise PackageError(msg)


def _check_document(document: Any, name: str) -> None:
    """Refuse everything that is not exactly a package."""
    if not isinstance(document, dict):
        msg = f"`{name}` is no package"
        raise PackageError(msg)
    if document.get("format_version") != FORMAT:
        msg = f"`{name}` has the format {document.get('format_version')!r}; this version reads {FORMAT!r}"
        raise PackageError(msg)
    known = {"format_version", "metadata", "functions", "checksum", "signature"}
    surplus = set(document) - known
    metadata, functions = document.get("metadata"), document.get("functions")
    texts = isinstance(metadata, dict) and all(v.__class__ is str and len(v) <= MAX_TEXT for v in metadata.values())
    sealed = isinstance(document.get("checksum"), str) and isinstance(document.get("signature", ""), str)
    if surplus or not texts or not sealed or not isinstance(functions, dict) or len(functions) > MAX_FUNCTIONS:
        msg = f"`{name}` is no package" + (f": what is `{min(surplus)[:50]}`?" if surplus else "")
        raise PackageError(msg)
    for function_id, entry in functions.items():
        _check_entry(function_id, entry, name)


def _check_entry(function_id: str, entry: Any, name: str) -> None:
    parts = function_id.split(".")
    fits = isinstance(entry, dict) and set(entry) == {"domain", "parameters", "confidence", "evidence"}
    if not all(part.isidentifier() for part in parts) or not fits or not isinstance(entry["domain"], str):
        msg = f"`{name}` is no package: the entry `{function_id[:100]}` is none"
        raise PackageError(msg)
    if not all(isinstance(entry[field], dict) for field in ("parameters", "confidence", "evidence")):
        msg = f"`{name}` is no package: the entry `{function_id}` is damaged"
        raise PackageError(msg)
    for parameter, value in entry["parameters"].items():
        _check_value(function_id, parameter, value)
    for share in entry["confidence"].values():
        if share.__class__ not in (int, float) or not 0 <= share <= 1:
            msg = f"`{name}`: a confidence is from 0 to 1, not {share!r}"
            raise PackageError(msg)
    for what, value in entry["evidence"].items():
        simple = value.__class__ in (int, float, bool, str) or value is None
        pair = value.__class__ is list and all(v.__class__ in (int, float) for v in value)
        if not (simple or pair) or what == "source":
            msg = f"`{name}`: `{str(what)[:50]}` is no evidence"
            raise PackageError(msg)
