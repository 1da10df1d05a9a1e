-- The tiers of seats that do not have their section's tier. The import writes the prices of those tiers too. The tier of
-- each seat is in the plan's layout.
alter table sections add column seat_tier_labels text[] not null default '{}';
