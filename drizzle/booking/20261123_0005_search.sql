-- Search without the search engine: words, look-alikes and distance.

-- Lower case without accents, so that "mexico" finds "México". The engine folds in the same way.
create function search_fold(value text) returns text
  language sql immutable strict parallel safe
  return regexp_replace(normalize(lower(value), NFKD), '[\u0300-\u036f]', '', 'g');

create function event_names(title text, performers text[]) returns text
  language sql immutable strict parallel safe
  return search_fold(title || ' ' || performers::text);

create function event_words(title text, performers text[], description text) returns tsvector
  language sql immutable strict parallel safe
  return to_tsvector('simple'::regconfig, event_names(title, performers) || ' ' || search_fold(description));

create index events_names on events using gin (event_names(title, performers) gin_trgm_ops) where status = 'PUBLISHED';
create index events_words on events using gin (event_words(title, performers, description)) where status = 'PUBLISHED';
create index venues_location on venues using gist (ll_to_earth(latitude, longitude));
