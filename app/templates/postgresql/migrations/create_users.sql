-- Users
-- /// miger
-- depends = []
-- ///
-- miger:up
CREATE TABLE users (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    login text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now()
);
-- miger:verify
SELECT id, login, created_at FROM users LIMIT 0;
-- miger:down
DROP TABLE users;
