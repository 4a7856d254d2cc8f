"""A store on a PostgreSQL server, for many processes on many machines: `postgresql://user@host/database`."""

from __future__ import annotations

from dana.poet.store.base import StoreError
from dana.poet.store.sql import SqlStore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

CONNECT_S = 5
STATEMENT_MS = 5000
# Any number will do, as long as all processes use the same for making the tables.
_MAKING_TABLES = 7_341_592


class PostgresStore(SqlStore):
    """Learnings in the database behind `url`; needs the package psycopg. Raises `StoreError`."""

    serial = "BIGSERIAL PRIMARY KEY"

    def __init__(self, url: str) -> None:
        try:
            import psycopg
        except ImportError as missing:
            msg = "a store on PostgreSQL needs the package psycopg"
            raise StoreError(msg, 'pip install "dana[postgres]"') from missing
        self._driver: Any = psycopg
        self._url = url
        self.errors = (psycopg.Error, OSError)
        self.lost = (psycopg.OperationalError, psycopg.InterfaceError)
        super().__init__()

    def _connect(self) -> Any:
        return self._driver.connect(
            self._url, connect_timeout=CONNECT_S, options=f"-c statement_timeout={STATEMENT_MS}", autocommit=True
        )

    def _transaction(self, statements: Sequence[tuple[str, Sequence[Any]]]) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = []
        with self._connection.transaction():
            for text, values in statements:
                cursor = self._connection.execute(text.replace("?", "%s"), tuple(values))
                rows = cursor.fetchall() if cursor.description is not None else []
        return rows

    def _alone(self) -> Sequence[tuple[str, Sequence[Any]]]:
        return [("LOCK TABLE poet_parameters IN SHARE ROW EXCLUSIVE MODE", ())]

    def _one_at_a_time(self) -> Sequence[tuple[str, Sequence[Any]]]:
        return [("SELECT pg_advisory_xact_lock(?)", (_MAKING_TABLES,))]

    def _problem(self, error: Exception) -> StoreError:
        # The driver's message may repeat the connection string; a password in it is nobody's business.
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        password = self._driver.conninfo.conninfo_to_dict(self._url).get("password")
        if password:
            first = first.replace(str(password), "***")
        hint = "check that the server runs and lets this user in; what was learnt is kept in memory and saved later"
        return StoreError(f"the store on PostgreSQL cannot be used: {first}", hint)
