"""The bus of a cluster on NATS: a client of nats-py for each connection, and a new one after every loss."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

from nats.aio.client import Client, RawCredentials
from nats.aio.transport import TcpTransport
from nats.errors import Error
from nats.js.api import KeyValueConfig
from nats.js.errors import BucketNotFoundError, KeyNotFoundError
from nats.js.kv import KeyValue

from ..aio.logs import write
from ..aio.steps import is_our_end
from ..escaping import described, shown
from .bus import BusLost, Deliver
from .incoming import Incoming

__all__ = ["Bucket", "Credentials", "NatsBus"]

Credentials: TypeAlias = str | os.PathLike[str] | tuple[str, str]
"""The path of a `.creds` file, or a user and a password. A token stands in the URL: `nats://token@host`."""

_LOG: Final = logging.getLogger("ocpp_fast")
_STEP: Final = 1
"""Seconds for a step of connecting, such as that of TLS, and between two pings."""
_MOST_PINGS: Final = 2
"""Of a server that does not answer; with the next ping it is left, 3 s after it fell silent."""
_ANSWER: Final = 0.9
"""Seconds for an answer of JetStream: a station that arrives waits for a second at most."""
_FIRST: Final = 2.0
"""Seconds that `start` waits."""
_PAUSE: Final = 0.25
"""Seconds between two tries, on average."""
_MOST_UNSENT: Final = 64 * 1024 * 1024
"""Bytes for a server that is too slow to take them."""
_MOST_VIOLATIONS: Final = 16
"""Of permissions, that are logged for a connection."""
_OWN_SIDS: Final = 1_000_000_000
"""Numbers of subscriptions, from which on they are not nats-py's."""
_REFUSALS: Final = ("authorization violation", "authentication expired", "authentication revoked")


class Subscription:
    """What is delivered of a subject."""

    __slots__ = ("deliver", "queue", "subject")

    def __init__(self, subject: str, queue: str, deliver: Deliver) -> None:
        self.subject = subject
        self.queue = queue
        self.deliver = deliver


class NatsBus:
    """A `Bus` on one or more NATS servers, `nats://host:4222` each, tried in turn.

    - `name` is shown by the servers; answers to JetStream's requests come to `_INBOX.<name>.>`.
    - `credentials` is the path of a `.creds` file, which is read for each connection, or a user and a password. User
      and password, or a token, may also stand in the URLs.
    - `tls` is a context for servers that ask for TLS. With it, or with `tls://host:4222`, a server that does not ask is
      sent nothing.
    - `log` takes what is logged, in place of the logger `ocpp_fast`.

    Servers that the cluster of NATS tells of are not asked: name all of them. Raises `ValueError` for a URL or for
    credentials that can't be used, and `OSError` for a file of credentials that can't be read.
    """

    def __init__(
        self,
        servers: str | Sequence[str],
        *,
        name: str,
        credentials: Credentials | None = None,
        tls: ssl.SSLContext | None = None,
        log: logging.Logger | None = None,
    ) -> None:
        urls = [servers] if isinstance(servers, str) else list(servers)
        for url in urls:
            _check_url(url)
        if not urls:
            raise ValueError("servers: expected the URL of a NATS server")
        random.shuffle(urls)
        _login(credentials)
        self._urls = deque(urls)
        self._name = name
        self._credentials = credentials
        self._tls = tls
        self._log = log or _LOG
        self._subscriptions: list[Subscription] = []
        self._client: _Client | None = None
        self._batch: list[bytes] = []
        self._keeper: asyncio.Task[None] | None = None
        self.trouble = ""
        self._on_lost: Callable[[], None]
        self._on_back: Callable[[], None]

    @property
    def connected(self) -> bool:
        """Whether messages can be sent, as far as it is known."""
        return self._client is not None

    def subscribe(self, subject: str, deliver: Deliver, *, queue: str = "") -> Callable[[], None]:
        """Deliver the messages of a subject, from now on; returns a function that ends it."""
        subscription = Subscription(subject, queue, deliver)
        self._subscriptions.append(subscription)
        if self._client is not None:
            self._client.listen(subscription)

        def end() -> None:
            if subscription in self._subscriptions:
                self._subscriptions.remove(subscription)
                if self._client is not None:
                    self._client.ignore(subscription)

        return end

    async def start(self, *, on_lost: Callable[[], None], on_back: Callable[[], None]) -> None:
        """Connect, and stay connected until `close`; returns once connected, or goes on trying after two seconds.

        Raises `PermissionError` for credentials that are refused before.
        """
        self._on_lost, self._on_back = on_lost, on_back
        first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._keeper = asyncio.create_task(self._stay_connected(first))
        try:
            await asyncio.wait({first, self._keeper}, timeout=_FIRST, return_when=asyncio.FIRST_COMPLETED)
            if self._keeper.done():
                self._keeper.result()
        except BaseException:
            first.cancel()
            await self.close()
            raise
        first.cancel()  # from now on a refusal is an outage

    def publish(self, subject: str, payload: bytes, *, reply: str = "") -> None:
        """Send a message, with all others of this turn of the event loop.

        Raises `BusLost` when not connected, or if the servers take no message of that size.
        """
        client = self.client
        if len(payload) > client.max_payload:
            raise BusLost(f"{len(payload)} bytes are more than NATS takes ({client.max_payload})")
        if not self._batch:
            client.loop.call_soon(self._flush)
        self._batch.append(f"PUB {subject} {reply} {len(payload)}\r\n".encode() + payload + b"\r\n")

    def reset(self) -> None:
        """Drop the connection, and make a new one to the next server."""
        if self._client is not None:
            self._client.drop()

    async def close(self) -> None:
        """Send what was published, and disconnect for good; waits a second at most for a server that is silent."""
        if self._keeper is None:
            return
        self._flush()
        if self._client is not None:
            with suppress(OSError, Error):
                await self._client.flush(_STEP)
        self._client = None
        keeper, self._keeper = self._keeper, None
        keeper.cancel()
        await asyncio.wait({keeper})

    @property
    def client(self) -> _Client:
        """nats-py's client of the present connection. Raises `BusLost` when there is none."""
        if self._client is None:
            raise BusLost(self.trouble or "not connected to NATS")
        return self._client

    def bucket(self, name: str, *, replicas: int = 1) -> Bucket:
        """Return a bucket of JetStream's key-value store; it is made when first used, on so many servers."""
        return Bucket(self, KeyValueConfig(bucket=name, history=1, replicas=replicas))

    def _flush(self) -> None:
        batch = b"".join(self._batch)
        self._batch.clear()
        if self._client is not None and batch:
            self._client.send(batch)

    async def _stay_connected(self, first: asyncio.Future[None]) -> None:
        while True:
            try:
                await self._hold_connection(first)
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # whatever a TLS context or a resolver raises, the next try follows
                if is_our_end(error):
                    raise
                if _is_refusal(error) and not first.done():
                    raise PermissionError(f"{_shown(self._urls[-1])}: {error}") from None
                if not self.trouble:
                    self._write(logging.WARNING, "no connection to NATS at %s: %s", described(error))
                self.trouble = f"no connection to NATS at {_shown(self._urls[-1])}: {shown(described(error))}"
            await asyncio.sleep(random.uniform(0.5, 1.5) * _PAUSE)

    async def _hold_connection(self, first: asyncio.Future[None]) -> None:
        self._urls.rotate(-1)
        login = _login(self._credentials)
        client = _Client(self._dropped, self._complain, self._flush)
        try:
            await self._connect(client, self._urls[-1], login)
            if not first.done():
                first.set_result(None)
            await client.dropped.wait()
        except Error as error:
            raise client.trouble or error from None
        finally:
            await client.leave()

    async def _connect(self, client: _Client, url: str, login: dict[str, Any]) -> None:
        client.wants_tls(self._tls is not None or url.startswith("tls:"))
        async with asyncio.timeout(4 * _STEP):
            await client.connect(
                [url],
                name=self._name,
                inbox_prefix=f"_INBOX.{self._name}",
                tls=self._tls,
                error_cb=client.troubled,
                allow_reconnect=False,
                max_reconnect_attempts=1,
                reconnect_time_wait=0,
                connect_timeout=_STEP,
                ping_interval=_STEP,
                max_outstanding_pings=_MOST_PINGS,
                pending_size=-1,
                **login,
            )
            client.listen_to(self._subscriptions)
            await client.flush()
        client.listen_to(self._subscriptions)  # as they are by now
        if client.dropped.is_set():
            raise client.trouble or ConnectionResetError("the server left")
        self._client = client
        self.trouble = ""
        self._write(logging.INFO, "connected to NATS at %s")
        client.loop.call_soon(self._on_back)

    def _dropped(self, client: _Client) -> None:
        if self._client is client:
            self._client = None
            self._batch.clear()
            self._write(logging.WARNING, "the connection to NATS at %s is lost: %s", client.trouble or "closed")
            client.loop.call_soon(self._on_lost)

    def _complain(self, error: Exception) -> None:
        write(self._log, logging.WARNING, "NATS: %s", shown(described(error)))

    def _write(self, level: int, message: str, *values: object) -> None:
        write(self._log, level, message, _shown(self._urls[-1]), *(shown(str(each)) for each in values))


class Bucket:
    """Values by key in JetStream; of a key, letters, digits and `-/_=.` are allowed.

    Both methods raise `BusLost` when not connected or refused, and `TimeoutError` without an answer within a second.
    """

    def __init__(self, bus: NatsBus, config: KeyValueConfig) -> None:
        self._bus = bus
        self._config = config
        self._opened: tuple[_Client, KeyValue] | None = None

    async def get(self, key: str) -> bytes | None:
        """Return the value of a key, or None."""
        async with self._store() as store:
            try:
                return (await store.get(key)).value
            except KeyNotFoundError:
                return None

    async def put(self, key: str, value: bytes) -> None:
        """Set the value of a key."""
        async with self._store() as store:
            await store.put(key, value)

    @asynccontextmanager
    async def _store(self) -> AsyncIterator[KeyValue]:
        try:
            async with asyncio.timeout(_ANSWER):
                yield await self._open()
        except Error as error:
            raise BusLost(f"JetStream: {described(error)}") from error

    async def _open(self) -> KeyValue:
        client = self._bus.client
        if self._opened is None or self._opened[0] is not client:
            context = client.jetstream(timeout=_STEP)
            try:
                store = await context.key_value(self._config.bucket)
            except BucketNotFoundError:
                store = await context.create_key_value(self._config)
            self._opened = client, store
        return self._opened[1]


class _Client(Client):
    """nats-py's client for one connection; messages of ours go by its parser, and its queue and task for each.

    `dropped` is set, and `on_drop` called, when the connection ends, whatever nats-py does thereafter.
    """

    def __init__(
        self,
        on_drop: Callable[[_Client], None],
        complain: Callable[[Exception], None],
        flush: Callable[[], None],
    ) -> None:
        super().__init__()
        self.loop = asyncio.get_running_loop()
        self.dropped = asyncio.Event()
        self._on_drop = on_drop
        self._complain = complain
        self._told: Exception | None = None
        self._violations: set[str] = set()
        self._delivers: dict[int, Deliver] = {}
        self._sids: dict[Subscription, int] = {}
        self._numbers = count()
        self._pipe = _Pipe(self._ended, self._delivers, flush)
        self._transport = self._pipe

    @property
    def trouble(self) -> Exception | None:
        """Why the connection ended, or was not made."""
        return self._told or self.last_error

    def wants_tls(self, wanted: bool) -> None:
        """Send nothing before TLS has begun."""
        self._pipe.waits_for_tls = wanted

    def listen_to(self, subscriptions: Sequence[Subscription]) -> None:
        """Have these subscriptions, and no others; at once, or else the PING of `flush` would overtake them."""
        for each in subscriptions:
            if each not in self._sids:
                self.listen(each)
        for each in [*self._sids]:
            if each not in subscriptions:
                self.ignore(each)

    def listen(self, subscription: Subscription) -> None:
        """Subscribe."""
        sid = _OWN_SIDS + next(self._numbers)
        self._delivers[sid] = subscription.deliver
        self._sids[subscription] = sid
        self.send(f"SUB {subscription.subject} {subscription.queue} {sid}\r\n".encode())

    def ignore(self, subscription: Subscription) -> None:
        """End a subscription."""
        sid = self._sids.pop(subscription, None)
        if sid is not None:
            del self._delivers[sid]
            self.send(f"UNSUB {sid}\r\n".encode())

    def send(self, batch: bytes) -> None:
        """Send commands."""
        self._pipe.write(batch)
        if self._pipe.unsent > _MOST_UNSENT:
            self._told = ConnectionError("the server takes too little of what is sent")
            self.drop()

    def drop(self) -> None:
        """End the connection, whatever was to be sent."""
        self._told = self._told or ConnectionError("given up")
        self._pipe.close()

    async def leave(self) -> None:
        """End the connection, and what nats-py does for it."""
        with suppress(OSError, Error, AssertionError):  # the last if it has not even begun
            async with asyncio.timeout(_STEP):
                await self.close()

    async def troubled(self, error: Exception) -> None:
        """Take what nats-py tells of."""
        text = str(error)
        if "permissions violation" not in text:
            self._told = error
        elif text not in self._violations and len(self._violations) < _MOST_VIOLATIONS:
            self._violations.add(text)
            self._complain(error)

    def _ended(self) -> None:
        if not self.dropped.is_set():
            self.dropped.set()
            self._on_drop(self)


class _Pipe(TcpTransport):
    """The way to a server, which waits for nobody: what is unsent when it is closed is dropped."""

    def __init__(self, on_close: Callable[[], None], delivers: dict[int, Deliver], flush: Callable[[], None]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # of nats-py
        self.waits_for_tls = False
        self._on_close = on_close
        self._delivers = delivers
        self._flush = flush

    def __bool__(self) -> bool:
        """Or else nats-py would take another."""
        return True

    @property
    def unsent(self) -> int:
        """How many bytes the server has not taken yet."""
        assert self._io_writer is not None
        return self._io_writer.transport.get_write_buffer_size()

    async def connect(self, *args: Any, **options: Any) -> None:
        """Connect."""
        await super().connect(*args, **options)
        self._take_messages()

    async def connect_tls(self, *args: Any, **options: Any) -> None:
        """Begin TLS."""
        await super().connect_tls(*args, **options)
        self._take_messages()
        self.waits_for_tls = False

    def _take_messages(self) -> None:
        """Have nats-py read what is left of our messages."""
        reader = self._io_reader
        assert reader is not None
        reader.feed_data = Incoming(self._delivers, reader.feed_data, self._flush).feed  # type: ignore[method-assign, assignment]

    def write(self, payload: bytes) -> None:
        """Send bytes."""
        if self.waits_for_tls:
            raise ConnectionError("the server does not ask for TLS")
        if self._io_writer is None or self._io_writer.is_closing():  # where uvloop raises, and nats-py stops half-way
            self.close()
            return
        super().write(payload)  # type: ignore[no-untyped-call]  # of nats-py

    def writelines(self, payload: list[bytes]) -> None:
        """Send bytes."""
        self.write(b"".join(payload))

    async def drain(self) -> None:
        """Wait for nothing: a server that takes too little is left."""

    def close(self) -> None:
        """Close at once."""
        if self._io_writer is not None:
            self._io_writer.transport.abort()
        self._on_close()


def _login(credentials: Credentials | None) -> dict[str, Any]:
    """Return the options of nats-py for credentials."""
    if credentials is None:
        return {}
    if isinstance(credentials, tuple):
        user, password = credentials
        return {"user": user, "password": password}
    text = Path(credentials).read_text("utf-8")
    if "BEGIN NATS USER JWT" not in text or "BEGIN USER NKEY SEED" not in text:
        raise ValueError(f"credentials: {os.fspath(credentials)}: expected the JWT and the seed of a NATS user")
    return {"user_credentials": RawCredentials(text)}


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("nats", "tls") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise ValueError("servers: expected URLs such as nats://host:4222 or tls://host:4222")


def _shown(url: str) -> str:
    """Return a URL without secrets."""
    return shown(urlsplit(url).netloc.rpartition("@")[2])


def _is_refusal(error: BaseException) -> bool:
    return any(each in str(error).lower() for each in _REFUSALS)
