"""The tables, and the secrets in them."""

import hashlib
import os
from datetime import datetime
from hmac import compare_digest
from typing import Any, ClassVar, TypeAlias

from sqlalchemy import JSON, DateTime, ForeignKey, UniqueConstraint
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Sessions: TypeAlias = async_sessionmaker[AsyncSession]


class Base(DeclarativeBase):
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: DateTime(timezone=True), dict[str, str]: JSON}


class Tenant(Base):
    __tablename__ = "tenants"

    name: Mapped[str] = mapped_column(primary_key=True)
    api_key: Mapped[bytes]
    """Its SHA-256: the key itself is random, and needs no salt."""

    def has_api_key(self, key: str) -> bool:
        return compare_digest(self.api_key, hashlib.sha256(key.encode()).digest())


class ChargingStation(Base):
    __tablename__ = "stations"

    id: Mapped[str] = mapped_column(primary_key=True)
    """`tenant/identity`, as the central system calls it."""
    tenant: Mapped[str] = mapped_column(ForeignKey(Tenant.name), index=True)
    identity: Mapped[str]
    password: Mapped[bytes]
    """Its salt and scrypt hash."""
    lenient: Mapped[bool] = mapped_column(default=False)
    heartbeat_interval: Mapped[int] = mapped_column(default=300)
    registration: Mapped[str | None]
    model: Mapped[str | None]
    connectors: Mapped[dict[str, str]] = mapped_column(default=dict)

    def has_password(self, password: bytes) -> bool:
        return compare_digest(self.password, salted(password, self.password[:16]))


class Transaction(Base):
    __tablename__ = "transactions"
    __table_args__ = (UniqueConstraint("station_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    station_id: Mapped[str] = mapped_column(ForeignKey(ChargingStation.id))
    number: Mapped[str]
    """What tells it from others of the station: the id that it chose (2.0.1), or connector and start (1.6)."""
    id_tag: Mapped[str | None]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    meter_start: Mapped[float | None]
    """In Wh, as the other one."""
    meter_last: Mapped[float | None]


def salted(password: bytes, salt: bytes) -> bytes:
    """Return salt and hash; it takes a while, on purpose."""
    return salt + hashlib.scrypt(password, salt=salt, n=2**14, r=8, p=1)


def open_database(url: str | None = None) -> tuple[AsyncEngine, Sessions]:
    engine = create_async_engine(url or os.environ.get("DATABASE_URL", "sqlite+aiosqlite:///csms.db"))
    return engine, async_sessionmaker(engine, expire_on_commit=False)


async def create_tables(engine: AsyncEngine) -> None:
    """Create the tables that are missing; changes of their columns are for Alembic."""
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
