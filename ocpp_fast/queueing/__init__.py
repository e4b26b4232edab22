"""The queue of transaction messages (R43), without a loop or a clock: what waits, when it is sent, where it is kept."""

from .backlog import Backlog
from .contract import Change, Contents, TransactionQueue
from .memory import MemoryQueue
from .messages import (
    AfterRestart,
    Delivered,
    Dropped,
    DropReason,
    Message,
    MessageRow,
    Posted,
    RunningTransaction,
    TransactionRow,
    is_queued,
)
from .retries import Retries
from .sqlite import SqliteQueue

__all__ = [
    "AfterRestart",
    "Backlog",
    "Change",
    "Contents",
    "Delivered",
    "DropReason",
    "Dropped",
    "MemoryQueue",
    "Message",
    "MessageRow",
    "Posted",
    "Retries",
    "RunningTransaction",
    "SqliteQueue",
    "TransactionQueue",
    "TransactionRow",
    "is_queued",
]
