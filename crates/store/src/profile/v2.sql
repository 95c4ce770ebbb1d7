-- Version 2: whoever is blocked is neither dialled nor served.
ALTER TABLE policy ADD COLUMN blocked INTEGER NOT NULL DEFAULT 0 CHECK (blocked IN (0, 1));
