"""Writing rows: looked up together, then sent one by one, each after its intent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from sage200_async.errors import (
    ClientClosed,
    DecodeError,
    ExtractError,
    Forbidden,
    NotFound,
    RateLimited,
    RequestError,
    Sage200Error,
    SettingsError,
    StatusError,
    TokenError,
    Unauthorized,
)
from sage200_async.transport.retry_policy import RetryPolicy, never_sent
from sage200_async.write.decisions import End, Later, Send
from sage200_async.write.keys import key_in

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from sage200_async.write.journal_rows import JournalRow
    from sage200_async.write.journal_thread import JournalThread
    from sage200_async.write.look_up import Found, Wanted
    from sage200_async.write.outcome import Outcome
    from sage200_async.write.schedule import Schedule
    from sage200_async.write.work import Work
    from sage200_async.write.write_journal import Journal

_TRIES: Final = 20
# Times that one row is tried in one run.
_LOOK_UPS: Final = 4
# Times that one row is looked up in vain in one run.
_IN_A_ROW: Final = 25
# Requests that fail one after the other, until the service is given up.
_LONGEST_WAIT: Final = RetryPolicy().longest_retry_after
# Seconds that a row waits at most because the service asks for it.
_ANOTHER_KEY: Final = (
    "the service answered with the record of the key {}: as it cannot be looked up by "
    "the key that was sent, it is not sent a second time; look for it in Sage"
)
_FATAL: Final = (TokenError, Unauthorized, SettingsError, ClientClosed)
_REFUSED: Final = 4
_UNCERTAIN: Final = frozenset({408, 425, 429, 499})
# Statuses of the class 4xx by which a gateway gives up, whatever the server does.


class RowWriter:
    """Writes rows as the rules of a job decide.

    Args:
        work: What the job is made of.
        journal: The journal of the job.
        schedule: When a row is worked on again.
        thread: The journal.
        emit: Reports outcomes.
        dry_run: Whether nothing is sent, nor noted.
    """

    def __init__(
        self,
        work: Work,
        journal: Journal,
        schedule: Schedule,
        thread: JournalThread,
        emit: Callable[[Outcome], Awaitable[None]],
        *,
        dry_run: bool,
    ) -> None:
        self._target = work.target
        self._service = work.service
        self._look_up = work.look_up
        self._rules = work.rules(journal)
        self._schedule = schedule
        self._thread = thread
        self._emit = emit
        self._dry_run = dry_run
        self._in_a_row = 0
        self._has_written = False
        self._refusals: dict[int, tuple[str, str]] = {}
        # The method and Sage's words, of rows of which an earlier try may be done.

    async def write(self, rows: Sequence[JournalRow]) -> None:
        """Write *rows*; each ends, or is postponed.

        Raises:
            Sage200Error: It is of no use to go on.
        """
        wanted = [(row, self._rules.wanted(row)) for row in rows]
        asked = [(row, one) for row, one in wanted if one is not None]
        answers = await self._found(asked) if asked else {}
        for row, one in wanted:
            if one is None:
                await self._write_one(row, None)
            elif one.key in answers:
                await self._write_one(row, answers[one.key])

    async def _found(
        self, wanted: Sequence[tuple[JournalRow, Wanted]]
    ) -> dict[str, Found]:
        """Look up rows; those that cannot be are postponed, or end as unknown."""
        try:
            answers = await self._look_up.find([one for _, one in wanted])
        except _FATAL:
            raise
        except (RequestError, ExtractError) as error:
            self._count_failure(error)
            if len(wanted) > 1:
                half = len(wanted) // 2
                first = await self._found(wanted[:half])
                return first | await self._found(wanted[half:])
            await self._not_found_out(wanted[0][0], error)
            return {}
        self._in_a_row = 0
        return answers

    async def _not_found_out(self, row: JournalRow, error: Sage200Error) -> None:
        """Postpone a row whose look-up failed; after a few times it is unknown."""
        words = _words(error)
        is_refused = _is_refusal(error) and not row.in_doubt
        if is_refused:
            await self._end(
                row, End("refused", None, f"it cannot be looked up: {words}")
            )
        elif self._dry_run or self._schedule.failed(row.row) >= _LOOK_UPS:
            sent = "it was sent" if row.in_doubt else "nothing was sent"
            reason = f"{sent}, and what is there cannot be looked up: {words}"
            await self._end(row, End("unknown", None, reason))
        else:
            await self._postpone(row, self._schedule.soon(row.row), words)

    async def _write_one(self, row: JournalRow, answer: Found | None) -> None:
        decision = self._rules.decide(row, answer)
        match decision:
            case End():
                await self._end(row, decision)
            case Later(reason=reason):
                if self._dry_run or self._schedule.failed(row.row) >= _LOOK_UPS:
                    await self._end(row, End("unknown", None, reason))
                else:
                    await self._postpone(row, self._schedule.soon(row.row), reason)
            case Send():
                method, words = self._refusals.pop(row.row, ("", ""))
                if method == decision.method:  # nothing came of the earlier try
                    await self._end(row, End("refused", decision.id, words))
                elif self._dry_run:
                    await self._show(row, decision)
                else:
                    await self._send(row, decision)

    async def _show(self, row: JournalRow, send: Send) -> None:
        """Report what would be sent."""
        state = "created" if send.method == "POST" else "updated"
        sent = row._replace(
            state=state, id=send.id, method=send.method, path=send.path, sent=send.body
        )
        await self._emit(replace(sent.outcome(self._target.by), dry_run=True))

    async def _send(self, row: JournalRow, send: Send) -> None:
        journal = self._thread.journal
        await self._thread.run(
            journal.intend,
            row.row,
            send.method,
            send.path,
            send.body,
            settles=send.settles,
        )
        row = row._replace(method=send.method, path=send.path, sent=send.body)
        try:
            end = await self._sent(row, send)
        except Sage200Error as error:
            await self._failed(row, send, error)
        else:
            self._in_a_row, self._has_written = 0, True
            await self._end(row, end)

    async def _sent(self, row: JournalRow, send: Send) -> End:
        """Send a request; return how its row ends."""
        response = await self._service.send(
            send.method,
            send.path,
            body=send.body,
            idempotent=send.method == "PUT" and not send.settles,
        )
        if send.method == "PUT":
            record = self._target.updated(response, send.id)
            reason = "" if record is None else self._rules.not_as_sent(send, record)
            return End("updated", send.id, reason)
        record = self._target.created(response)
        id_ = record.get(self._target.key) or record.get("urn")
        values = record.values()
        if not id_ and (self._target.by or all(value is None for value in values)):
            raise _without_an_id()
        key = key_in(record, self._target.by) if self._target.by else None
        if key is None or key == row.key:
            return End("created", id_)
        return End("held", id_, _ANOTHER_KEY.format(key))

    async def _failed(self, row: JournalRow, send: Send, error: Sage200Error) -> None:
        """Decide what a failed request means for its row."""
        if isinstance(error, _FATAL) or self._refuses_all(send, error):
            await self._postpone(row, 0.0, "")
            raise error
        if _is_refusal(error):
            self._in_a_row = 0
            await self._refused(row, send, error)
            return
        words = _words(error)
        if _left(error):
            row = row._replace(in_doubt=True)
        at = self._schedule.settled_at() if row.in_doubt and send.settles else 0.0
        asked = getattr(error, "retry_after", None) or 0.0
        if asked > _LONGEST_WAIT:
            words += (
                f" (Retry-After of {asked:.0f} s; tried after {_LONGEST_WAIT:.0f} s)"
            )
        at = max(at, self._schedule.now() + min(asked, _LONGEST_WAIT))
        if self._schedule.failed(row.row) >= _TRIES:
            await self._postpone(row, at, words)
            await self._end(row, End("unknown", send.id, words))
        else:
            await self._postpone(row, max(at, self._schedule.soon(row.row)), words)
        if not _left(error):
            self._count_failure(error)

    async def _refused(self, row: JournalRow, send: Send, error: Sage200Error) -> None:
        """End a row that Sage refuses, unless an earlier try may be the reason."""
        words = _words(error)
        is_gone = send.method == "PUT" and isinstance(error, NotFound)
        maybe_done = row.in_doubt or getattr(error, "maybe_sent_before", False)
        if (is_gone or maybe_done) and self._schedule.failed(row.row) < _TRIES:
            if maybe_done:
                self._refusals[row.row] = send.method, words
                row = row._replace(in_doubt=True)
            await self._postpone(row, self._schedule.soon(row.row), words)
        else:
            await self._end(row, End("refused", send.id, words))

    def _refuses_all(self, send: Send, error: Sage200Error) -> bool:
        """Return whether the resource itself is refused, and not one row."""
        is_all = isinstance(error, Forbidden | NotFound) and send.method == "POST"
        return is_all and not self._has_written

    def _count_failure(self, error: Sage200Error) -> None:
        """Stop after many failures one after the other.

        Raises:
            Sage200Error: The last one.
        """
        self._in_a_row += 1
        if self._in_a_row >= _IN_A_ROW:
            error.add_note(
                f"{self._in_a_row} requests in a row failed, so the job was ended: rows "
                "that have not ended stay in its journal; run it again to go on"
            )
            raise error

    async def _end(self, row: JournalRow, end: End) -> None:
        self._refusals.pop(row.row, None)
        by = self._target.by
        if self._dry_run:
            sent = row._replace(method="", path="", sent=b"")
        else:
            journal = self._thread.journal
            await self._thread.run(journal.end, row.row, end.kind, end.id, end.reason)
            sent = row
        ended = sent._replace(state=end.kind, id=end.id, reason=end.reason)
        await self._emit(replace(ended.outcome(by), dry_run=self._dry_run))

    async def _postpone(self, row: JournalRow, ready_at: float, reason: str) -> None:
        if not self._dry_run:
            await self._thread.run(
                self._thread.journal.postpone,
                row.row,
                ready_at,
                in_doubt=row.in_doubt,
                reason=reason,
            )


def _without_an_id() -> DecodeError:
    """Return the error of a response that shows no new record."""
    error = DecodeError(
        "the response to the create has no id and no urn", json_path="$"
    )
    error.outcome_unknown = True
    return error


def _is_refusal(error: Sage200Error) -> bool:
    """Return whether the service says that it did nothing."""
    if not isinstance(error, StatusError) or isinstance(error, RateLimited):
        return False
    return error.status // 100 == _REFUSED and error.status not in _UNCERTAIN


def _left(error: Sage200Error) -> bool:
    """Return whether the request may have reached the service."""
    return not never_sent(error) or getattr(error, "outcome_unknown", False)


def _words(error: Sage200Error) -> str:
    """Return Sage's words, where there are any."""
    return getattr(error, "detail", "") or str(error)
