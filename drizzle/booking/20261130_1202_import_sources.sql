-- By how many weeks an imported event was moved, so that a date that changes in the file moves the event and not the
-- others; and which source has the event, so that the import can name events that have left their file. Null until the
-- next import of the file.
alter table imported_records add column moved_weeks integer, add column source text;
create index imported_records_source on imported_records (source) where source is not null;
