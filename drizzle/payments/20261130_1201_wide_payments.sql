-- An amount may need more than 32 bits; the largest is 2^53 - 1, the largest integer that JSON carries exactly. The table is
-- rewritten while its readers wait.
alter table payments
  alter column amount_minor type bigint,
  alter column captured_minor type bigint,
  alter column refunded_minor type bigint,
  add constraint payments_exact check (amount_minor <= 9007199254740991 and captured_minor <= 9007199254740991);
