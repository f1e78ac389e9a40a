"""Alembic's entry for the hub's database: it runs inside the transaction that `exchange.database` opened."""

from alembic import context

from exchange.database import run_migrations

run_migrations(context.config.attributes["connection"], context)
