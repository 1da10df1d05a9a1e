-- Every api process asks every few seconds which sessions ended lately.
create index refresh_tokens_ended on refresh_tokens (revoked_at) where revoked_at is not null;
