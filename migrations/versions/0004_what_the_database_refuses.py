"""What the database refuses, in tables that were there before: automatic comparison does not see these."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

CHECKS = {
    "assignment": {
        "two_ends": "peer_id IS NULL OR (interface_id IS NOT NULL AND peer_id <> interface_id)",
    },
    "block": {"quarantine_ends": "(until IS NOT NULL) = (state = 'quarantined')"},
    "line": {"mtu": "mtu IS NULL OR mtu BETWEEN 1280 AND 9216"},
    "offer": {"mtu": "mtu BETWEEN 1280 AND 9216"},
    "pool": {"handed": "handed >= length", "quarantine": "quarantine_days >= 0"},
}


def upgrade() -> None:
    for table, checks in CHECKS.items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            for name, condition in checks.items():
                batch_op.create_check_constraint(op.f(f"ck_{table}_{name}"), condition)


def downgrade() -> None:
    raise NotImplementedError("going back is a restore: essaim restore")
