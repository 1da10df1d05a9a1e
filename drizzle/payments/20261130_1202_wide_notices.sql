-- See 20261130_1201_wide_payments.sql. A gateway's notice may name any amount.
alter table notices
  alter column amount_minor type bigint;
