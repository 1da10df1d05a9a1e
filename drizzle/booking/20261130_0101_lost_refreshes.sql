-- A client whose refresh was answered but never heard asks again with the token that it has. With this salt and that
-- token the successor can be derived again; neither a copy of the table nor the old token alone leads to it.
alter table refresh_tokens add column successor_salt bytea;
-- All sessions of one person end when the role is lowered, the password changes or a guest signs up.
create index refresh_tokens_user on refresh_tokens (user_id);
