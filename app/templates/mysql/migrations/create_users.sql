-- Users
-- /// miger
-- depends = []
-- ///
-- miger:up
CREATE TABLE users (
    id bigint AUTO_INCREMENT PRIMARY KEY,
    login varchar(100) NOT NULL UNIQUE,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP
);
-- miger:verify
SELECT id, login, created_at FROM users LIMIT 0;
-- miger:down
DROP TABLE users;
