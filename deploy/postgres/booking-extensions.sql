-- The extensions of the booking database. Its owner may not make them, because earthdistance is not a trusted extension. Run this
-- as a superuser, in the booking database only; `frontrow roles` does so.
create extension if not exists cube;
create extension if not exists earthdistance;
