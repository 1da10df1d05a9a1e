-- An answer to a guest's challenge is accepted once, by whichever process. Kept until it would be too old anyway.
create table if not exists spent_challenge_answers (
  answer_hash bytea primary key,
  expires_at timestamptz not null
);
create index if not exists spent_challenge_answers_expired on spent_challenge_answers (expires_at);
