-- Users
-- /// miger
-- depends = []
-- ///
-- miger:up
CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    login TEXT NOT NULL UNIQUE,
    created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
-- miger:verify
SELECT id, login, created_at FROM users LIMIT 0;
-- miger:down
DROP TABLE users;
