"""The tables of the store."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Date,
    Float,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

NAME, HASH = 200, 64
metadata = MetaData()

# One document under governance, as it stands now; `version` counts its changes, so that two people cannot both win.
document = Table(
    "document",
    metadata,
    Column("kind", String(NAME), primary_key=True),
    Column("code", String(NAME), primary_key=True),
    Column("status", String(20), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("approved_by", String(NAME)),
    Column("approved_hash", String(HASH)),
    Column("replaced_by", String(NAME)),
    Column("sunset", Date),
)

# Every text that a document ever had; rows are only added.
revision = Table(
    "revision",
    metadata,
    Column("kind", String(NAME), primary_key=True),
    Column("code", String(NAME), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("text", Text, nullable=False),
    Column("hash", String(HASH), nullable=False),
    Column("author", String(NAME), nullable=False),
    Column("at", String(40), nullable=False),
)

# Who did what, when and why; each row holds the hash of the one before, so that no row can change unseen.
audit = Table(
    "audit",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", String(40), nullable=False),
    Column("who", String(NAME), nullable=False),
    Column("action", String(20), nullable=False),
    Column("kind", String(NAME), nullable=False),
    Column("code", String(NAME), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("changes", Text, nullable=False),
    Column("affected", Text, nullable=False),
    Column("before", String(HASH), nullable=False),
    Column("hash", String(HASH), nullable=False),
    UniqueConstraint("hash"),
    ForeignKeyConstraint(["kind", "code"], ["document.kind", "document.code"]),
)

# How often a document was asked for, by day.
usage = Table(
    "usage",
    metadata,
    Column("kind", String(NAME), primary_key=True),
    Column("code", String(NAME), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("count", Integer, nullable=False),
)

# What became of the forecasts of an approved decision; rows are only added, and the audit holds each of them too.
decision_score = Table(
    "decision_score",
    metadata,
    Column("code", String(NAME), primary_key=True),
    Column("period", String(20), primary_key=True),
    Column("role", String(20), primary_key=True),
    Column("forecaster", String(NAME), nullable=False),
    Column("value", Float, nullable=False),
    Column("low", Float),
    Column("high", Float),
    Column("actual", Float, nullable=False),
    Column("data_sha256", String(HASH), nullable=False),
    Column("at", String(40), nullable=False),
)
