-- What the importer last wrote for each record of its files. An unchanged record is left alone, whatever an organizer made
-- of the event since; without this an import could not tell its own last word from theirs.
create table imported_records (
  id uuid primary key,
  content_hash text not null,
  imported_at timestamptz not null default now()
);
