-- An amount may need more than 32 bits: five seats of 5.25 million rupiah are 2,625,000,000 minor units. The largest amount
-- is 2^53 - 1, the largest integer that JSON carries exactly.
--
-- Wider columns need the code of the commit before this file ("Amounts are read and written so that ...") in every process:
-- older code takes a bigint for a text. Each table is rewritten, in a transaction of its own, while its readers wait.
alter table price_tiers
  alter column price_minor type bigint,
  alter column fee_minor type bigint;
alter table price_tiers
  add constraint price_tiers_exact check (price_minor + fee_minor <= 9007199254740991);
