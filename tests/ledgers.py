"""What tests of the ledger share: ledgers on both databases, and processes that really die."""

import os
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import create_engine, text

from harness.certify.forking import Ended, in_a_fork
from tests import postgres
from tests.core_vendor import Clock

_DIED = 9


@pytest.fixture(scope="module")
def postgres_server() -> Iterator[str]:
    """A PostgreSQL server's address."""
    if postgres.BINARIES is None:
        pytest.skip("no PostgreSQL server is installed; apt-get install postgresql")
    with postgres.server() as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path) -> str:
    """The address of an empty ledger."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    place = request.getfixturevalue("postgres_server")
    engine = create_engine(place.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")
    name = f"ledger_{abs(hash(request.node.name)) % 10**9}"
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return place.rpartition("/")[0] + f"/{name}"


@pytest.fixture
def clock() -> Clock:
    """A clock on which nobody really waits."""
    return Clock()


def dies(function: Callable[[], object]) -> None:
    """Call the function in a process that is killed before it comes to its end: the function ends with ``death()``."""
    with pytest.raises(Ended) as told:
        in_a_fork(lambda _: function())

    assert told.value.code == _DIED


def death() -> None:
    """The end of this process, without a word."""
    os._exit(_DIED)
