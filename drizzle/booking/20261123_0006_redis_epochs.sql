-- Which rebuild of a projection in Redis is the last complete one. A Redis that names another, such as one that came
-- back with an old dump, is not believed.
create table redis_epochs (
  name text primary key,
  epoch uuid not null,
  rebuilt_at timestamptz not null
);
