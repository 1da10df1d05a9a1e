-- The gateway that payments go to, in one row. Prices are checked against its rules when they are set, by processes that
-- never call it. `frontrow migrate` writes the row from PAYMENT_GATEWAY.
create table payment_gateway (
  only_row boolean primary key default true check (only_row),
  name text not null,
  updated_at timestamptz not null default now()
);
