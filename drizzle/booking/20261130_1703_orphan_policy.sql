-- Whether a choice of seats may leave a single free seat; see src/domain/inventory/orphan-rules.ts.
alter table events add column if not exists orphan_policy text not null default 'OFF'
  check (orphan_policy in ('OFF', 'LENIENT', 'STRICT'));
