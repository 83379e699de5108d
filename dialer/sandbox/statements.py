"""Every statement that the sandbox says to SQLite, whole and with bound parameters."""

from __future__ import annotations

CREATE = (
    """
    CREATE TABLE contacts (
        seq INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        phone_number TEXT NOT NULL UNIQUE,
        first_name TEXT NOT NULL,
        last_name TEXT NOT NULL,
        tags TEXT NOT NULL,      -- a JSON array, in the order in which they were given
        haystack TEXT NOT NULL,  -- what a search looks in, case folded
        created_at REAL NOT NULL,
        updated_at REAL NOT NULL
    )
    """,
    """
    CREATE TABLE calls (
        seq INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        contact_id TEXT NOT NULL,
        assistant_id TEXT NOT NULL,
        to_phone TEXT NOT NULL,
        created_at REAL NOT NULL,
        starts_at REAL NOT NULL,
        ends_at REAL NOT NULL,
        ending TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE requests (
        seq INTEGER PRIMARY KEY,
        received_at REAL NOT NULL,
        phone_number TEXT,
        key TEXT,
        fault TEXT,
        body TEXT NOT NULL,
        outcome TEXT NOT NULL,
        http_status INTEGER,
        call_id TEXT
    )
    """,
)
COUNT_TABLES = "SELECT count(*) FROM sqlite_schema"
MARK_VERSION = "PRAGMA user_version = 1"

SELECT_CONTACT_OF = """
    SELECT id, first_name, last_name, tags FROM contacts WHERE phone_number = ?
"""
INSERT_CONTACT = """
    INSERT INTO contacts
        (id, phone_number, first_name, last_name, tags, haystack, created_at, updated_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
UPDATE_CONTACT = """
    UPDATE contacts
    SET first_name = ?, last_name = ?, tags = ?, haystack = ?, updated_at = ?
    WHERE id = ?
"""
SELECT_CONTACTS = """
    SELECT id, phone_number, first_name, last_name, tags, created_at, updated_at FROM contacts
    WHERE instr(haystack, :search) > 0
      AND (:tags IS NULL OR EXISTS (
          SELECT 1 FROM json_each(contacts.tags) AS has
          JOIN json_each(:tags) AS wanted ON has.value = wanted.value))
    ORDER BY seq DESC LIMIT :limit OFFSET :offset
"""

INSERT_CALL = """
    INSERT INTO calls (id, contact_id, assistant_id, to_phone, created_at, starts_at, ends_at, ending)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
SELECT_CALL = """
    SELECT id, contact_id, assistant_id, to_phone, created_at, starts_at, ends_at, ending FROM calls
    WHERE id = :id
"""
SELECT_CALLS = """
    SELECT id, contact_id, assistant_id, to_phone, created_at, starts_at, ends_at, ending FROM calls
    WHERE (:contact_id IS NULL OR contact_id = :contact_id)
      AND (:assistant_id IS NULL OR assistant_id = :assistant_id)
      AND (:status IS NULL OR :status = CASE
          WHEN :now < starts_at THEN 'queued' WHEN :now < ends_at THEN 'in-progress' ELSE ending END)
    ORDER BY seq DESC LIMIT :limit OFFSET :offset
"""

INSERT_REQUEST = """
    INSERT INTO requests (received_at, phone_number, key, fault, body, outcome, http_status, call_id)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
SELECT_REQUESTS = """
    SELECT received_at, phone_number, outcome, http_status, call_id, key, fault, body FROM requests
    WHERE (NOT :created_only OR call_id IS NOT NULL)
      AND (:phone_number IS NULL OR phone_number = :phone_number)
    ORDER BY seq
"""
DELETE_REQUESTS = "DELETE FROM requests"
