"""A store of JSON files: one per function and domain, indented, under `.poet/` (P124, P129).

    score_financial_services_1f0c9a77_params.json     the parameters, with earlier versions and patterns
    score_financial_services_1f0c9a77_feedback.jsonl  one feedback a line

A file is replaced whole, so that a reader never sees half of one, and a lock file keeps two processes from
overwriting each other. A file that is damaged is moved aside (`….damaged-1`) and told about once.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from threading import RLock

from dana.poet.store.base import FORMAT, MAX_FEEDBACK, MAX_VERSIONS, Stored, StoreError, decode, encode, file_stem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

PARAMS = "_params.json"
_FEEDBACK = "_feedback.jsonl"


class FileStore:
    """JSON files in `folder`, which is made when something is saved first.

    `on_problem(error)` hears of files that were moved aside because they are damaged. With `reads`, nothing is moved:
    a damaged file is a `StoreError`.
    """

    def __init__(
        self, folder: str, *, on_problem: Callable[[StoreError], object] | None = None, reads: bool = False
    ) -> None:
        self.folder = os.path.abspath(folder)
        self._on_problem = on_problem
        self._reads = reads
        self._lock = RLock()

    # --- parameters -------------------------------------------------------------------------------

    def load(self, function_id: str, domain: str) -> Stored | None:
        """See `Store`."""
        document = self._read(function_id, domain)
        if document is None or not document["versions"]:
            return None
        return _stored(document["versions"][-1])

    def save(self, function_id: str, domain: str, data: dict[str, Any], at: float) -> int:
        """See `Store`."""
        encode(data)
        with self._locked():
            document = self._read(function_id, domain) or _empty(function_id, domain)
            versions = document["versions"]
            number = versions[-1]["version"] + 1 if versions else 1
            versions.append({"version": number, "at": at, "data": data})
            document["versions"] = versions[-MAX_VERSIONS:]
            document["parameters"] = data
            document["timestamp"] = datetime.fromtimestamp(at, UTC).isoformat()
            self._write(function_id, domain, document)
        return int(number)

    def versions(self, function_id: str, domain: str, limit: int = MAX_VERSIONS) -> list[Stored]:
        """See `Store`."""
        document = self._read(function_id, domain)
        return [] if document is None else [_stored(v) for v in reversed(document["versions"])][:limit]

    def functions(self) -> list[tuple[str, str, float]]:
        """See `Store`."""
        found = []
        for path in self._files():
            document = self._read_file(path)
            if document is not None:
                found.append((document["function_id"], document["domain"], _last(document)))
        return sorted(found)

    def forget(self, function_id: str, domain: str) -> bool:
        """See `Store`."""
        with self._locked():
            known = False
            for ending in (PARAMS, _FEEDBACK):
                try:
                    os.remove(self._path(function_id, domain, ending))
                except FileNotFoundError:
                    continue
                except OSError as error:
                    raise self._problem(error) from error
                known = True
        return known

    # --- feedback and patterns --------------------------------------------------------------------

    def add_feedback(self, function_id: str, domain: str, feedback: dict[str, Any], at: float) -> None:
        """See `Store`."""
        line = encode({"at": at, "feedback": feedback}) + "\n"
        path = self._path(function_id, domain, _FEEDBACK)
        with self._locked():
            if not os.path.exists(self._path(function_id, domain, PARAMS)):
                # Only that file says in full what it is about.
                self._write(function_id, domain, _empty(function_id, domain))
            try:
                with open(path, "a+b") as stream:
                    size = stream.seek(0, os.SEEK_END)
                    if size and os.pread(stream.fileno(), 1, size - 1) != b"\n":
                        line = "\n" + line  # the machine stopped in the middle of the line before
                    try:
                        stream.write(line.encode("utf-8", "surrogatepass"))
                        stream.flush()
                    except OSError:
                        os.truncate(path, size)  # a line is there whole or not at all
                        raise
                if size > 256 * MAX_FEEDBACK:
                    self._shorten(path)
            except OSError as error:
                raise self._problem(error) from error

    def _shorten(self, path: str) -> None:
        lines = self._lines(path)
        if len(lines) > MAX_FEEDBACK:
            self._replace(path, "".join(line + "\n" for line in lines[-MAX_FEEDBACK:]))

    def feedback(self, function_id: str, domain: str, limit: int = 100) -> list[tuple[float, dict[str, Any]]]:
        """See `Store`."""
        found: list[tuple[float, dict[str, Any]]] = []
        for line in reversed(self._lines(self._path(function_id, domain, _FEEDBACK))):
            if len(found) == limit:
                break
            try:
                entry = json.loads(line)
                found.append((float(entry["at"]), dict(entry["feedback"])))
            except (ValueError, KeyError, TypeError):
                continue  # the line a process died in
        return found

    def put_pattern(self, function_id: str, domain: str, kind: str, data: dict[str, Any], at: float) -> None:
        """See `Store`."""
        encode(data)
        with self._locked():
            document = self._read(function_id, domain) or _empty(function_id, domain)
            document["patterns"][kind] = {"at": at, "data": data}
            self._write(function_id, domain, document)

    def patterns(self, function_id: str, domain: str) -> dict[str, dict[str, Any]]:
        """See `Store`."""
        document = self._read(function_id, domain)
        return {} if document is None else {kind: entry["data"] for kind, entry in document["patterns"].items()}

    def close(self) -> None:
        """See `Store`; files are closed already."""

    # --- files ------------------------------------------------------------------------------------

    def _path(self, function_id: str, domain: str, ending: str) -> str:
        return os.path.join(self.folder, file_stem(function_id, domain) + ending)

    def _files(self) -> list[str]:
        try:
            names = os.listdir(self.folder)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._problem(error) from error
        return [os.path.join(self.folder, name) for name in sorted(names) if name.endswith(PARAMS)]

    def _read(self, function_id: str, domain: str) -> dict[str, Any] | None:
        document = self._read_file(self._path(function_id, domain, PARAMS))
        if document is not None and (document["function_id"], document["domain"]) != (function_id, domain):
            msg = f"`{self._path(function_id, domain, PARAMS)}` belongs to `{document['function_id']}`"
            raise StoreError(msg, "files of a store are not renamed by hand")
        return document

    def _read_file(self, path: str) -> dict[str, Any] | None:
        try:
            with open(path, "rb") as stream:
                text = stream.read().decode("utf-8", "surrogatepass")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._problem(error) from error
        except UnicodeDecodeError as error:
            self._set_aside(path, StoreError(f"`{path}` is damaged: {error}"))
            return None
        try:
            return _checked(decode(text, f"`{path}`"), path)
        except _OtherFormatError:
            raise  # it is whole: whoever wrote it can read it
        except StoreError as error:
            self._set_aside(path, error)
        return None

    def _set_aside(self, path: str, error: StoreError) -> None:
        """Keep a damaged file under another name, so that nothing in it is lost, and go on without."""
        if self._reads:
            error.hint = "nothing was changed; a program that runs moves the file aside and starts anew without it"
            raise error
        number = 1
        while os.path.exists(f"{path}.damaged-{number}"):
            number += 1
        try:
            os.rename(path, f"{path}.damaged-{number}")
        except OSError as refused:
            raise self._problem(refused) from refused
        error.hint = f"it was moved to `{path}.damaged-{number}`; defaults are used until something new is learnt"
        if self._on_problem is not None:
            self._on_problem(error)

    def _write(self, function_id: str, domain: str, document: dict[str, Any]) -> None:
        text = json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
        self._replace(self._path(function_id, domain, PARAMS), text)

    def _replace(self, path: str, text: str) -> None:
        beside = f"{path}.{os.getpid()}.new"
        try:
            with open(beside, "wb") as stream:
                stream.write(text.encode("utf-8", "surrogatepass"))
            os.replace(beside, path)
        except OSError as error:
            if os.path.exists(beside):
                os.remove(beside)
            raise self._problem(error) from error

    def _lines(self, path: str) -> list[str]:
        try:
            with open(path, "rb") as stream:
                return stream.read().decode("utf-8", "replace").splitlines()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._problem(error) from error

    def _locked(self) -> _Locked:
        return _Locked(self)

    def _problem(self, error: OSError) -> StoreError:
        msg = f"the store in `{self.folder}` cannot be used: {error.strerror or error}"
        return StoreError(msg, "check the folder's permissions and the disk; until then nothing learnt is stored")


class _OtherFormatError(StoreError):
    """A file of another version of Dana."""


class _Locked:
    """Holds a store against other threads and, through a lock file, other processes."""

    def __init__(self, store: FileStore) -> None:
        self._store = store
        self._descriptor = -1

    def __enter__(self) -> None:
        store = self._store
        store._lock.acquire()
        try:
            os.makedirs(store.folder, mode=0o700, exist_ok=True)
            self._descriptor = os.open(os.path.join(store.folder, ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
            _flock(self._descriptor)
        except OSError as error:
            if self._descriptor >= 0:
                os.close(self._descriptor)
            store._lock.release()
            raise store._problem(error) from error

    def __exit__(self, *_exc: object) -> None:
        os.close(self._descriptor)  # releases the lock of the file
        self._store._lock.release()


def _flock(descriptor: int) -> None:
    try:
        import fcntl
    except ImportError:  # where there is no such lock, threads are kept apart all the same
        return
    fcntl.flock(descriptor, fcntl.LOCK_EX)


def _empty(function_id: str, domain: str) -> dict[str, Any]:
    return {
        "version": FORMAT, "function_id": function_id, "domain": domain, "parameters": {}, "timestamp": "",
        "versions": [], "patterns": {},
    }  # fmt: skip


def _checked(document: dict[str, Any], path: str) -> dict[str, Any]:
    """The document, if it has the form of one; the earlier form, without versions, is read as well."""
    texts = (document.get("function_id"), document.get("domain"))
    named = all(isinstance(text, str) for text in texts)
    if named and document.get("version") != FORMAT:
        msg = f"`{path}` has the format {document.get('version')!r}; this version knows {FORMAT!r}"
        raise _OtherFormatError(msg, "use the Dana that wrote it, or another store")
    if "versions" not in document and isinstance(document.get("parameters"), dict):
        document["versions"] = [{"version": 1, "at": _seconds(document), "data": document["parameters"]}]
    document.setdefault("patterns", {})
    if not named or not _are_versions(document["versions"]):
        raise StoreError(f"`{path}` is damaged: it is no file of a store")
    if not all(isinstance(e, dict) and isinstance(e.get("data"), dict) for e in document["patterns"].values()):
        raise StoreError(f"`{path}` is damaged: its patterns are none")
    return document


def _are_versions(versions: Any) -> bool:
    return isinstance(versions, list) and all(
        isinstance(v, dict)
        and type(v.get("version")) is int
        and isinstance(v.get("at"), int | float)
        and isinstance(v.get("data"), dict)
        for v in versions
    )


def _last(document: dict[str, Any]) -> float:
    """When something was saved last."""
    moments = [entry["at"] for entry in document["versions"][-1:]]
    moments += [at for entry in document["patterns"].values() if isinstance(at := entry.get("at"), int | float)]
    return float(max(moments, default=0.0))


def _seconds(document: dict[str, Any]) -> float:
    try:
        return datetime.fromisoformat(str(document.get("timestamp"))).timestamp()
    except ValueError:
        return 0.0


def _stored(entry: dict[str, Any]) -> Stored:
    return Stored(entry["version"], float(entry["at"]), entry["data"])
