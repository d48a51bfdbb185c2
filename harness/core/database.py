"""The ledger's database: its tables, its transactions, and what is wrong with it in one sentence. SQLite or PostgreSQL.

A transaction opens a connection and closes it: nothing is kept that a fork could tear, or a restart of the server.
"""

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    BigInteger,
    Column,
    Connection,
    Double,
    Engine,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    func,
    insert,
    make_url,
    select,
    text,
)
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from harness.core.clock import Clock

SCHEMA_VERSION = 1
VARIABLE = "HARNESS_LEDGER"
_BUSY_S = 30.0
_ONE_AT_A_TIME = 5_210_411
"""The advisory lock under which PostgreSQL's tables are made; any number that nobody else uses."""

_META = MetaData()
_SCHEMA = Table("harness_schema", _META, Column("version", Integer, nullable=False))


def _owner_columns() -> tuple[Column[Any], ...]:
    """Where an ``Owner`` is kept."""
    texts, numbers = ("host", "boot"), ("pid", "started")
    return (
        *(Column(name, String, nullable=False) for name in texts),
        *(Column(name, BigInteger, nullable=False) for name in numbers),
    )


RUNS = Table(
    "harness_runs",
    _META,
    Column("number", Integer, primary_key=True),
    Column("integration", String, nullable=False),
    Column("began_s", Double, nullable=False),
    Column("heard_s", Double, nullable=False),
    Column("state", String, nullable=False),
    Column("ended_s", Double),
    Column("reason", String, nullable=False),
    Column("request_id", String, nullable=False),
    Column("expected_every_s", Double),
    Column("counts", String, nullable=False),
    Column("requests", Integer, nullable=False),
    Column("request_s", Double, nullable=False),
    Column("limit_hits", Integer, nullable=False),
    Column("token_refreshes", Integer, nullable=False),
    *_owner_columns(),
    Index("harness_runs_by_integration", "integration", "number"),
    Index("harness_runs_by_state", "state"),
)
LEASES = Table(
    "harness_leases",
    _META,
    Column("name", String, primary_key=True),
    Column("grant", String, nullable=False),
    Column("since_s", Double, nullable=False),
    Column("heard_s", Double, nullable=False),
    *_owner_columns(),
)
ALERTS = Table(
    "harness_alerts",
    _META,
    Column("integration", String, primary_key=True),
    Column("raised_s", Double),
    Column("failed_s", Double),
    Column("error", String, nullable=False),
)

_ADVICE = (
    ("unable to open", "check that its folder is there and can be written to"),
    ("readonly", "let this user write to the file and to its folder"),
    ("read-only", "let this user write to the file and to its folder"),
    ("full", "make room on its disk"),
    ("disk i/o", "check the disk, and its quota"),
    ("locked", "find out which process holds it"),
    ("not a database", "name another file, or put a backup in its place"),
    ("malformed", "put a backup in its place"),
    ("password", "check user and password in the address"),
    ("does not exist", "create it first"),
    ("refused", "check that the server runs, and at that address"),
    ("permission", "let this user write there"),
)


class LedgerError(Exception):
    """The ledger cannot be used. The message is one sentence: which ledger, why, and what to do."""


class Database:
    """One ledger's tables. Threads and forked processes may share it."""

    def __init__(self, address: str, *, clock: Clock) -> None:
        self._url = _checked(address)
        self._clock = clock
        self._engine: Engine | None = None

    def __repr__(self) -> str:
        return f"Database({self.name!r})"

    @property
    def name(self) -> str:
        """The address, without the password."""
        return self._url.render_as_string(hide_password=True)

    @property
    def is_missing(self) -> bool:
        """Whether its file is not there, though its folder is; of a server only a connection tells."""
        if self._url.get_backend_name() != "sqlite":
            return False
        file = Path(str(self._url.database))
        return file.parent.is_dir() and not file.exists()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that may write; nobody else writes meanwhile to what it has read.

        Raises:
            LedgerError: The ledger cannot be written.
        """
        with self._in_our_words("written"), self._ready().connect() as connection:
            writer = connection.execution_options(writes=True)
            with writer.begin():
                yield writer

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        with self._in_our_words("read"), self._ready().connect() as connection, connection.begin():
            yield connection

    def now_s(self, connection: Connection) -> float:
        """Seconds since 1970. A ledger has one clock: the server's, or of a file that of the machine."""
        if self._url.get_backend_name() == "sqlite":
            return self._clock.epoch_s()
        return float(connection.execute(select(func.extract("epoch", func.clock_timestamp()))).scalar_one())

    def _ready(self) -> Engine:
        if self._engine is None:
            engine = self._made()
            with engine.connect() as connection:
                version = _version(connection)
            if version is None:
                version = _create(engine)
            if version != SCHEMA_VERSION:
                known = f"the ledger {self.name} is of schema {version}, and this version knows {SCHEMA_VERSION}"
                raise LedgerError(f"{known}; upgrade integration-harness here, or name another ledger")
            self._engine = engine
        return self._engine

    def _made(self) -> Engine:
        sqlite = self._url.get_backend_name() == "sqlite"
        engine = create_engine(
            self._url,
            poolclass=NullPool,
            connect_args={"timeout": _BUSY_S} if sqlite else {"connect_timeout": round(_BUSY_S)},
        )
        if sqlite:
            event.listen(engine, "connect", _leave_transactions_to_us)
            event.listen(engine, "begin", _begin)
        return engine

    @contextmanager
    def _in_our_words(self, done: str) -> Iterator[None]:
        try:
            yield
        except ModuleNotFoundError as error:
            how = "pip install 'integration-harness[postgres]'"
            raise LedgerError(f"the ledger {self.name} needs {error.name}; install it with: {how}") from error
        except IntegrityError:
            raise  # Somebody was faster: the caller's matter.
        except SQLAlchemyError as error:
            why = " ".join(str(error.orig if isinstance(error, DBAPIError) else error).split())
            advice = next((what for word, what in _ADVICE if word in why.lower()), "see the database's own log")
            raise LedgerError(f"the ledger {self.name} cannot be {done}: {why}; {advice}") from error


def address_of(given: str | None, environ: Mapping[str, str] = os.environ) -> str:
    """Where the ledger is: as given, else by ``HARNESS_LEDGER``, else a file in the user's state folder."""
    if address := given or environ.get(VARIABLE, ""):
        return address
    state = Path(environ.get("XDG_STATE_HOME") or Path(environ.get("HOME") or Path.home()) / ".local" / "state")
    folder = state / "harness"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LedgerError(
            f"the ledger's folder {folder} cannot be made: {error.strerror}; name another ledger in {VARIABLE}"
        ) from error
    return f"sqlite:///{folder / 'ledger.sqlite'}"


def _checked(address: str) -> URL:
    try:
        url = make_url(address)
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise LedgerError(
            "the ledger's address is no URL; write sqlite:////folder/file or postgresql://user@host/database"
        ) from error
    backend = url.drivername.partition("+")[0]
    if backend in ("postgres", "postgresql"):
        return url.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise LedgerError(f"a ledger is kept in SQLite or PostgreSQL, not in {backend}; give such an address")
    if not url.database or url.database == ":memory:":
        raise LedgerError("a ledger in memory is lost with its process; write sqlite:////folder/file")
    return url


def _leave_transactions_to_us(connection: sqlite3.Connection, record: object) -> None:
    """Python's sqlite3 would begin transactions late, so that of two that have read only one could write."""
    connection.isolation_level = None


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _version(connection: Connection) -> int | None:
    """The schema's version; None where there is no ledger yet."""
    if not connection.dialect.has_table(connection, _SCHEMA.name):
        return None
    return int(connection.execute(select(_SCHEMA.c.version)).scalar_one())


def _create(engine: Engine) -> int:
    """Make the tables, unless somebody was faster; the version that is there now."""
    with engine.connect() as connection:
        writer = connection.execution_options(writes=True)
        with writer.begin():
            if engine.dialect.name == "postgresql":
                writer.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _ONE_AT_A_TIME})
            version = _version(writer)
            if version is None:
                _META.create_all(writer, checkfirst=False)
                writer.execute(insert(_SCHEMA).values(version=SCHEMA_VERSION))
                version = SCHEMA_VERSION
    return version
