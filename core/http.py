"""What every endpoint needs: the request's transaction, and the parts that `web.app` wired."""

from collections.abc import AsyncIterator
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Annotated

from fastapi import Depends, Query
from fastapi.requests import HTTPConnection
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import Clock
from core.unit_of_work import UnitOfWork

# What the id of a row can be: PostgreSQL fails at anything longer.
RowId = Annotated[int, Field(ge=1, le=2**31 - 1)]
# How much of a list is asked for, and after how many: what every list of the API knows.
Limit = Annotated[int, Query(ge=1, le=200, description="How many are wanted.")]
Offset = Annotated[int, Query(ge=0, le=1_000_000, description="How many are left out before them.")]
# What a household or a server is given.
IPV6_NETWORK_BITS = 64


async def get_session(connection: HTTPConnection) -> AsyncIterator[AsyncSession]:
    """The request's transaction: committed when the endpoint returns, rolled back when it raises."""
    work: UnitOfWork = connection.app.state.work
    async with work.begin() as session:
        yield session


async def get_reading_session(connection: HTTPConnection) -> AsyncIterator[AsyncSession]:
    """A session for endpoints that only read: they wait for no writer."""
    work: UnitOfWork = connection.app.state.work
    async with work.reading() as session:
        yield session


async def get_clock(connection: HTTPConnection) -> Clock:
    """The clock of the app."""
    clock: Clock = connection.app.state.clock
    return clock


# "function" ends the transaction before the answer is sent, so that "ok" is said only of what is committed.
SessionDep = Annotated[AsyncSession, Depends(get_session, scope="function")]
ReadingSessionDep = Annotated[AsyncSession, Depends(get_reading_session, scope="function")]
ClockDep = Annotated[Clock, Depends(get_clock)]


def host_of(connection: HTTPConnection) -> str:
    """The network address that a request comes from; of IPv6 the network, since one machine has all of it."""
    host = connection.client.host if connection.client else "unknown"
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv4Address):
        return host
    return str(address.ipv4_mapped or ip_network((address, IPV6_NETWORK_BITS), strict=False))
