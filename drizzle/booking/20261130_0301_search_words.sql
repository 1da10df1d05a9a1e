-- Search without the search engine finds the words that the engine has: a text is brought into its normal form in one
-- place, by src/search/normal-form, and a worker keeps the result here. A row whose version or normal form is another than
-- that of its event and of the code is written again.

drop index events_names;
drop index events_words;
drop function event_words(text, text[], text);
drop function event_names(text, text[]);
drop function search_fold(text);

create table event_search_words (
  event_id uuid primary key,
  version bigint not null,
  normal_form text not null,
  -- All words of the event; lexemes as they are, since PostgreSQL's parser would cut them again.
  words tsvector not null,
  -- The words of title and performers, and those of venue and city: for look-alikes.
  names text not null,
  place text not null,
  city_keys text[] not null
);

create index event_search_words_words on event_search_words using gin (words);
create index event_search_words_names on event_search_words using gin (names gin_trgm_ops);
create index event_search_words_place on event_search_words using gin (place gin_trgm_ops);
create index event_search_words_city_keys on event_search_words using gin (city_keys);
