-- Version 3: the public address, the requests that come there, and those to the addresses of others.

-- The seed of the address's key, and whether it is to be served.
CREATE TABLE address (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    seed BLOB NOT NULL CHECK (length(seed) = 32),
    served INTEGER NOT NULL CHECK (served IN (0, 1))
) STRICT;

-- Neither table belongs to a contact: an id becomes one's when a request has been accepted. What is
-- shown comes first. A request's `offer` and an own one's `own` begin with their version, on which
-- their length depends: here it is only bounded.
CREATE TABLE request (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL CHECK (at >= 0),
    state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 3),
    name TEXT NOT NULL CHECK (length(CAST(name AS BLOB)) BETWEEN 1 AND 120),
    greeting TEXT NOT NULL CHECK (length(CAST(greeting AS BLOB)) <= 6000),
    place BLOB NOT NULL CHECK (length(place) = 32),
    tag BLOB NOT NULL CHECK (length(tag) = 32),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    keys BLOB NOT NULL CHECK (length(keys) = 1312),
    offer BLOB CHECK (length(offer) BETWEEN 1 AND 4096),
    nick TEXT CHECK (length(CAST(nick AS BLOB)) BETWEEN 1 AND 120),
    peer TEXT CHECK (length(CAST(peer AS BLOB)) BETWEEN 1 AND 120),
    accepted INTEGER CHECK (accepted >= 0),
    CHECK ((nick IS NULL) = (peer IS NULL))
) STRICT;

CREATE TABLE asked (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL CHECK (at >= 0),
    arrived INTEGER NOT NULL CHECK (arrived IN (0, 1)),
    tries INTEGER NOT NULL CHECK (tries BETWEEN 0 AND 4294967295),
    address BLOB NOT NULL CHECK (length(address) = 32),
    peer TEXT NOT NULL CHECK (length(CAST(peer AS BLOB)) BETWEEN 1 AND 120),
    nick TEXT NOT NULL CHECK (length(CAST(nick AS BLOB)) BETWEEN 1 AND 120),
    greeting TEXT NOT NULL CHECK (length(CAST(greeting AS BLOB)) <= 6000),
    own BLOB NOT NULL CHECK (length(own) BETWEEN 1 AND 4096),
    hash BLOB CHECK (length(hash) = 32),
    offer BLOB CHECK (length(offer) = 1346),
    CHECK ((hash IS NULL) = (offer IS NULL))
) STRICT;
