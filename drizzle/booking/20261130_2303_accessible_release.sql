-- When wheelchair places and companion seats that are left are sold like other seats. Null: never. A process of the release
-- before this one keeps them as they are, which sells nothing wrongly.
alter table events add column if not exists accessible_release_at timestamptz;
