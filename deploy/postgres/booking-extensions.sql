-- What the booking database needs and its owner may not make: earthdistance is no trusted extension. As a superuser, in the
-- booking database only; `frontrow roles` does it.
create extension if not exists cube;
create extension if not exists earthdistance;
