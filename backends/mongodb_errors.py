"""What MongoDB's driver raises, as errors of ours: never with a password, always with the server's code."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bson import json_util
from pymongo.errors import BulkWriteError, ConnectionFailure, OperationFailure, PyMongoError

from miger.engine.errors import StatementError
from miger.engine.secrets import scrub

# Codes of the server: https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml
UNAUTHORIZED, AUTHENTICATION_FAILED = 13, 18
NAMESPACE_NOT_FOUND, NAMESPACE_EXISTS, INDEX_NOT_FOUND = 26, 48, 27
DUPLICATE_KEY = 11000
INVALID_DOCUMENT = 121
OUT_OF_TIME = frozenset({50, 202})
CONFLICTS = frozenset({24, 46, 112})  # lock timeout, lock busy, write conflict
NO_SUCH_TRANSACTION = 251
NOT_IN_TRANSACTION = 263

HINTS = {
    UNAUTHORIZED: "give the user of `url` the role readWrite on this database (dbAdmin for collMod)",
    NO_SUCH_TRANSACTION: "an error before this one, or the server's time limit, ended the transaction; "
    "long work needs `transaction = false`, steps and batches",
    NOT_IN_TRANSACTION: "set `transaction = false`, or use the helper of `db` for it",
    **dict.fromkeys(CONFLICTS, "another client changed the same documents at the same time"),
    **dict.fromkeys(OUT_OF_TIME, "`statement_timeout` of the environment says how long a statement may take"),
}


def refusal(error: PyMongoError, secrets: Sequence[str]) -> StatementError:
    """The StatementError for one of the driver's exceptions."""
    code, details = code_of(error), details_of(error)
    if error.timeout:
        code = code or 50
    # Of these nobody knows what the server did; `reopen` makes sure that it does nothing more.
    lost = isinstance(error, ConnectionFailure) or error.has_error_label("UnknownTransactionCommitResult")
    passes = code in CONFLICTS or (error.has_error_label("TransientTransactionError") and code != NO_SUCH_TRANSACTION)
    message = message_of(error)
    return StatementError(
        scrub(f"{message}{details} ({code})" if code else f"{message}{details}", secrets),
        HINTS.get(code, ""),
        code=str(code or ""),
        retryable=passes and not lost,
        disconnected=lost,
    )


def code_of(error: PyMongoError) -> int:
    """The server's code, 0 where there is none."""
    found = _first_write_error(error).get("code") or (error.code if isinstance(error, OperationFailure) else 0)
    return found if isinstance(found, int) else 0


def message_of(error: PyMongoError) -> str:
    """What the server said, without the driver's dump of the whole answer."""
    details = error.details if isinstance(error, OperationFailure) else None
    told = _first_write_error(error).get("errmsg") or (details or {}).get("errmsg")
    return str(told or error).partition(", full error: ")[0].partition(", Topology Description: ")[0]


def details_of(error: PyMongoError) -> str:
    """Which rules of a validator a document breaks, as JSON."""
    info: Any = _first_write_error(error) or (error.details if isinstance(error, OperationFailure) else None) or {}
    details = info.get("errInfo", {}).get("details")
    if not details:
        return ""
    return f": {json.dumps(json.loads(json_util.dumps(details)), ensure_ascii=False)}"


def _first_write_error(error: PyMongoError) -> Mapping[str, Any]:
    """Of a bulk of writes, the first that failed."""
    failed = error.details.get("writeErrors") if isinstance(error, BulkWriteError) else None
    return failed[0] if failed else {}
