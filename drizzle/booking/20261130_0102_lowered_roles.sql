-- An access token names the role that its viewer had when it was issued. So a lower role ends the sessions, whichever
-- way it was lowered: by npm run account, by an operator in psql, or by a later operation.
create function end_sessions_of_lowered_role() returns trigger language plpgsql as $$
begin
  update refresh_tokens set revoked_at = now() where user_id = new.id and revoked_at is null;
  return null;
end $$;

create trigger users_lowered_role after update of role on users for each row
  when (array_position(array['FAN', 'ORGANIZER', 'ADMIN'], new.role)
      < array_position(array['FAN', 'ORGANIZER', 'ADMIN'], old.role))
  execute function end_sessions_of_lowered_role();
