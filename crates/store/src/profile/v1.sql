-- Version 1. Never changed once it is released: a later version is a file of its own.

-- What the profile has for itself. Through `indexed` every text is in the index of words; those of
-- greater serial numbers are few and looked through one by one. `splitter` names the rules that
-- split them: with other rules the index is made anew.
CREATE TABLE own (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    next_number INTEGER NOT NULL CHECK (next_number > 0),
    indexed INTEGER NOT NULL,
    splitter TEXT NOT NULL
) STRICT;

CREATE TABLE contact (
    id INTEGER PRIMARY KEY,
    number INTEGER NOT NULL UNIQUE CHECK (number BETWEEN 1 AND 2097151),
    lasting INTEGER NOT NULL CHECK (lasting IN (0, 1)),
    made INTEGER NOT NULL CHECK (made IN (0, 1)),
    ended INTEGER NOT NULL CHECK (ended IN (0, 1)),
    open INTEGER NOT NULL CHECK (open IN (0, 1)),
    since INTEGER NOT NULL,
    role INTEGER NOT NULL CHECK (role BETWEEN 0 AND 1),
    trust INTEGER NOT NULL CHECK (trust BETWEEN 0 AND 3),
    nick TEXT NOT NULL,
    peer TEXT NOT NULL
) STRICT;

-- Apart, so that a list of contacts reads nothing of it.
CREATE TABLE keys (
    contact INTEGER PRIMARY KEY REFERENCES contact (id) ON DELETE CASCADE,
    bytes BLOB NOT NULL
) STRICT;

-- Written with each message, always over the one before: zeros, its length, the session, zeros.
CREATE TABLE session (
    contact INTEGER PRIMARY KEY REFERENCES contact (id) ON DELETE CASCADE,
    bytes BLOB NOT NULL
) STRICT;

CREATE TABLE counters (
    contact INTEGER PRIMARY KEY REFERENCES contact (id) ON DELETE CASCADE,
    next INTEGER NOT NULL,
    sent INTEGER NOT NULL,
    acknowledged INTEGER NOT NULL,
    highest INTEGER NOT NULL,
    window INTEGER NOT NULL,
    place INTEGER NOT NULL
) STRICT;

CREATE TABLE policy (
    contact INTEGER PRIMARY KEY REFERENCES contact (id) ON DELETE CASCADE,
    history INTEGER NOT NULL CHECK (history BETWEEN 0 AND 2),
    seconds INTEGER NOT NULL,
    timer INTEGER,
    timer_changes INTEGER NOT NULL,
    to_date INTEGER NOT NULL
) STRICT;

CREATE TABLE draft (
    contact INTEGER PRIMARY KEY REFERENCES contact (id) ON DELETE CASCADE,
    text TEXT NOT NULL
) STRICT;

CREATE TABLE outbox (
    contact INTEGER NOT NULL REFERENCES contact (id) ON DELETE CASCADE,
    sequence INTEGER NOT NULL,
    message INTEGER,
    body BLOB NOT NULL,
    PRIMARY KEY (contact, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE early (
    contact INTEGER NOT NULL REFERENCES contact (id) ON DELETE CASCADE,
    sequence INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (contact, sequence)
) STRICT, WITHOUT ROWID;

-- The id is the contact's number << 32 | the place: a conversation's messages lie side by side, in
-- order, and a new one goes to a page that is at hand.
CREATE TABLE message (
    id INTEGER PRIMARY KEY,
    own INTEGER NOT NULL CHECK (own IN (0, 1)),
    seen INTEGER NOT NULL CHECK (seen IN (0, 1)),
    delivery INTEGER NOT NULL CHECK (delivery BETWEEN 0 AND 2),
    sequence INTEGER NOT NULL,
    at INTEGER NOT NULL,
    serial INTEGER NOT NULL,
    edited INTEGER,
    reply INTEGER,
    own_reaction TEXT,
    peer_reaction TEXT,
    timer INTEGER,
    expires INTEGER,
    body TEXT NOT NULL
) STRICT;

-- By what the partner calls it; new ones of a conversation go to its end.
CREATE INDEX message_numbered ON message (id >> 32, own, sequence);
CREATE INDEX message_expiring ON message (expires) WHERE expires IS NOT NULL;
CREATE INDEX message_unseen ON message (id) WHERE seen = 0 AND own = 0;

-- All messages in the order in which they came, whosever they are. The index of words has a message
-- under its serial number with a minus before it, so that the newest are found first.
CREATE TABLE found (
    serial INTEGER PRIMARY KEY,
    message INTEGER NOT NULL
) STRICT;

-- No copy of a text is in it: only which words are in which message, and the beginnings of two and
-- three letters. What is taken out is erased and not just marked.
CREATE VIRTUAL TABLE words USING fts5 (
    text, content = '', columnsize = 0, detail = none, tokenize = 'ascii', prefix = '2 3'
);
INSERT INTO words (words, rank) VALUES ('secure-delete', 1);
-- What a page has room for: SQLCipher takes 80 bytes of each.
INSERT INTO words (words, rank) VALUES ('pgsz', 3900);
