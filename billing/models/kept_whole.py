"""What the database itself keeps of money, whoever writes: rows are never edited, and no cent is spent twice."""

from __future__ import annotations

from typing import Final

from foundation.database import GUARDS, Guard

_SAID: Final = "an allocation stays within its payment and its due"
_GROWS: Final = "what was booked is corrected by another entry"

_NET: Final = """(SELECT cents FROM due WHERE id = NEW.due_id)
    + (SELECT coalesce(sum(cents), 0) FROM correction WHERE due_id = NEW.due_id)"""
_SETTLED: Final = "(SELECT coalesce(sum(cents), 0) FROM allocation WHERE due_id = NEW.due_id)"
_SPENT: Final = "(SELECT coalesce(sum(cents), 0) FROM allocation WHERE payment_id = NEW.payment_id)"
_PAID: Final = "(SELECT cents FROM payment WHERE id = NEW.payment_id)"
_OTHER_MEMBER: Final = """(SELECT member_id FROM payment WHERE id = NEW.payment_id)
    <> (SELECT member_id FROM due WHERE id = NEW.due_id)"""
_REVERSED: Final = "EXISTS (SELECT 1 FROM reversal WHERE payment_id = NEW.payment_id)"
_BEYOND: Final = f"{_SPENT} > {_PAID} OR {_SETTLED} > {_NET} OR {_OTHER_MEMBER} OR {_REVERSED}"


def _refused(name: str, table: str, verbs: tuple[str, ...], condition: str, said: str) -> Guard:
    """After such a verb, rows for which the condition holds are refused."""
    return Guard(
        name,
        # AFTER: on SQLite a row has no id of its own before it is there. Dropped first: its words may have changed.
        sqlite=tuple(
            statement
            for verb in verbs
            for statement in (
                f"DROP TRIGGER IF EXISTS {table}_within_{verb.lower()}",
                f"CREATE TRIGGER {table}_within_{verb.lower()} AFTER {verb} ON {table} WHEN {condition} "
                f"BEGIN SELECT raise(ABORT, '{said}'); END",
            )
        ),
        postgresql=(
            f"CREATE OR REPLACE FUNCTION essaim_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF {condition} THEN RAISE check_violation USING MESSAGE = '{said}'; END IF; RETURN NEW; END $$",
            f"CREATE OR REPLACE TRIGGER {table}_within AFTER {' OR '.join(verbs)} ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION essaim_{table}()",
        ),
    )


def _only_grows(table: str, columns: str) -> Guard:
    """Rows of this table stay, and these columns of theirs."""
    name = f"{table}_stays"
    return Guard(
        f"what is booked in {table} is never edited",
        sqlite=(
            f"CREATE TRIGGER IF NOT EXISTS {name}_update BEFORE UPDATE OF {columns} ON {table} "
            f"BEGIN SELECT raise(ABORT, '{_GROWS}'); END",
            f"CREATE TRIGGER IF NOT EXISTS {name}_delete BEFORE DELETE ON {table} "
            f"BEGIN SELECT raise(ABORT, '{_GROWS}'); END",
        ),
        postgresql=(
            "CREATE OR REPLACE FUNCTION essaim_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"RAISE check_violation USING MESSAGE = '{_GROWS}'; END $$",
            f"CREATE OR REPLACE TRIGGER {name} BEFORE DELETE OR UPDATE OF {columns} ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION essaim_only_grows()",
        ),
    )


GUARDS.extend(
    (
        _refused(
            "an allocation stays within its payment, its due and its member",
            "allocation",
            ("INSERT", "UPDATE"),
            _BEYOND,
            _SAID,
        ),
        _refused(
            "a due is not corrected below what settles it",
            "correction",
            ("INSERT",),
            f"{_SETTLED} > {_NET} OR {_NET} < 0",
            _SAID,
        ),
        _refused("a payment that is reversed settles nothing", "reversal", ("INSERT",), f"{_SPENT} > 0", _SAID),
        _only_grows("due", "number, kind, what, period, per, cents, label, day, issued"),
        _only_grows("correction", "due_id, cents, cause, reason, day, at"),
        _only_grows("payment", "number, day, cents, means, reference, source, entry_id, at"),
        _only_grows("reversal", "payment_id, reason, day, at"),
        _only_grows("bank_entry", "number, account_id, key, day, cents, label, payer, payer_account"),
    )
)
