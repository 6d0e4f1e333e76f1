"""Finding a cluster by its address."""

from typing import Any, cast

import pytest

from concur.pubsub import connection
from concur.pubsub.errors import ConfigError


@pytest.fixture
def engines(monkeypatch):
    """A registry of the test's own."""
    monkeypatch.setattr(connection, "_engines", {})


def test_the_scheme_names_the_engine(engines):
    """An engine that made itself known is asked for the address behind its scheme."""
    connection.register("embedded", lambda *given: cast(Any, given))
    connect: Any = connection.connect
    assert connect("embedded://orders", "c1", 7) == ("orders", "c1", 7)
    assert connect(["embedded://orders"]) == ("orders", "", 30_000)


@pytest.mark.parametrize("servers", ["localhost:9092", "kafka://host", "embedded", "embedded://", "://", ""])
def test_other_addresses_are_refused(servers, engines) -> None:
    """The message says what there is."""
    with pytest.raises(ConfigError, match="Only embedded://name is there yet"):
        connection.connect(servers)


def test_no_cluster_is_told_from_a_wrong_address(engines) -> None:
    """A program that has forgotten its cluster is told so."""
    with pytest.raises(ConfigError, match=r"EmbeddedCluster\('orders'\) makes one"):
        connection.connect("embedded://orders")


@pytest.mark.parametrize("servers", [[], ["embedded://a", "embedded://b"]])
def test_there_is_one_address(servers) -> None:
    with pytest.raises(ConfigError, match="takes one address"):
        connection.connect(servers)
