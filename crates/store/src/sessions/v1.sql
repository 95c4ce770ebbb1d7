-- Version 1. Never changed: a later version is a file of its own.

-- What the database has for itself.
CREATE TABLE own (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    hedge BLOB NOT NULL CHECK (length(hedge) = 32)
) STRICT;

CREATE TABLE conversation (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    stage INTEGER NOT NULL CHECK (stage BETWEEN 0 AND 2),
    state BLOB NOT NULL,
    peer BLOB UNIQUE CHECK (length(peer) = 32),
    fingerprint BLOB CHECK (length(fingerprint) = 32),
    verified INTEGER NOT NULL CHECK (verified BETWEEN 0 AND 1),
    created INTEGER NOT NULL
) STRICT;

-- Texts whose packets can't be opened again, until their reader has them.
CREATE TABLE kept (
    conversation INTEGER NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
    packet BLOB NOT NULL CHECK (length(packet) = 32),
    text BLOB NOT NULL,
    PRIMARY KEY (conversation, packet)
) STRICT;
