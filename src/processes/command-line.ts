type Command = { readonly summary: string; readonly usage: () => string };

/** Returns the command as the user called it, so that the user can type the lines of the usage as they are. */
export const called = (name: string): string =>
  process.env.npm_lifecycle_event === name ? `npm run ${name} --` : `frontrow ${name}`;

const WHERE =
  'Without DATABASE_URL it uses the databases of the npm start on FRONTROW_DATA, or of the one that runs from this clone.';

/** The commands that an operator can run. The file of the same name has the code. */
export const commands: Readonly<Record<string, Command>> = {
  roles: {
    summary: 'creates the database roles of owner, app, payments and relay',
    usage: () => `usage: ${called('roles')}

Runs deploy/postgres/roles.sql as the superuser in DATABASE_ADMIN_URL and PAYMENTS_DATABASE_ADMIN_URL, and sets the passwords
DATABASE_OWNER_PASSWORD, DATABASE_APP_PASSWORD, DATABASE_PAYMENTS_PASSWORD and DATABASE_RELAY_PASSWORD. Run it before the
first migration, and again to change a password.`,
  },
  migrate: {
    summary: 'brings the tables of both databases up to date',
    usage: () => `usage: ${called('migrate')}

Applies the new migrations in drizzle/ to the databases at DATABASE_URL and PAYMENTS_DATABASE_URL, as a role that owns their
tables, and grants the roles of deploy/postgres their rights where these roles exist. A second run changes nothing.`,
  },
  import: {
    summary: 'reads venues, seating plans and events from folders',
    usage: () => `usage: ${called('import')} [--dir <folder>]...

Imports into the database at DATABASE_URL; docs/reference/seating.md has the formats. Without --dir it imports the demo data
in data/, but not in the production profile.`,
  },
  account: {
    summary: 'creates an account, or changes the role of an account',
    usage:
      () => `usage: ${called('account')} --role organizer|admin|fan --email <address> [--password <10 to 200 characters>]
                          [--organization <name or id>] [--event <id>]... [--all-events] [--existing]

--organization  Organization_... as GraphQL shows it: makes the account an owner of this organization; another text: makes
                a new organization with this name. Without it, an organizer who owns no organization gets a new one
--event         gives this event to the organization: Event_... as GraphQL shows it, or only the UUID
--all-events    gives every event that exists now to the organization
--existing      confirms that you know the owner of the account. Without it, an account that was created by
                signing up gets no higher role and no other password
The role fan ends all memberships of the account.
Without --password a new account gets a random password, which is printed, and an existing account keeps its password.
${WHERE}`,
  },
  erase: {
    summary: 'removes the personal data of one person from both databases',
    usage: () => `usage: ${called('erase')} --email <address> | --user <id>

--email  the account with this address, and every guest who gave it
--user   one account or guest: User_... as GraphQL shows it, or only the UUID
Names, addresses, passwords and sessions are removed. Bookings, amounts, payments and tickets stay, without personal data.
It needs DATABASE_URL and PAYMENTS_DATABASE_URL; docs/recipes/accounts.md lists the data that it does not remove.
${WHERE}`,
  },
  parked: {
    summary: 'shows, replays and drops messages that a consumer could not handle',
    usage: () => {
      const parked = called('parked');
      return `usage: ${parked} list [--group <name>] [--key <event id>]
       ${parked} show <message id>
       ${parked} replay <message id> | --key <event id> | --group <name> | --all [--wait <seconds>]
       ${parked} drop <message id> --reason <why> [--group <name>]

replay  asks the running consumers to handle the messages again, for each event from its first parked message on; waits
        30 seconds for the outcome, or as long as --wait says. --key and --group may be combined
drop    removes one message for good, for one group; the messages behind it stay parked
--by    your name for the history; without it, the name of the user account that runs the command
${WHERE}`;
    },
  },
  invariants: {
    summary: 'looks for broken promises in a running system',
    usage: () => `usage: ${called('invariants')}

Checks the database at DATABASE_URL. With PAYMENTS_DATABASE_URL, GATEWAY_URL and GATEWAY_API_KEY it also checks that our books
and those of the sandbox gateway agree. Prints each promise with "holds", or with "BROKEN" and the rows that break it; exits
with 1 when a promise is broken.
${WHERE}`,
  },
  reconcile: {
    summary: "compares the books of a day with the gateway's list, and shows each difference",
    usage: () => `usage: ${called('reconcile')} [--day YYYY-MM-DD | --from YYYY-MM-DD --to YYYY-MM-DD]

--day        a day in UTC; without it, yesterday
--from --to  several days; the last one is included
It needs PAYMENTS_DATABASE_URL, PAYMENT_GATEWAY, GATEWAY_URL and GATEWAY_API_KEY. It keeps the differences in the payments
database, and corrects nothing: docs/runbooks/reconciliation.md. Exits with 0 without a difference, 1 with differences, 2
after wrong usage, and 3 when a day could not be compared.
${WHERE}`,
  },
  reindex: {
    summary: 'rebuilds the search index, or compares it with PostgreSQL',
    usage: () => `usage: ${called('reindex')} [--compare]

Builds a new index from DATABASE_URL in TYPESENSE_URL beside the one in use, then swaps them, so that no search fails.
--compare  compares only, and changes nothing
Exits with 1 when the index and PostgreSQL differ at the end.`,
  },
  converge: {
    summary: 'after a restore: makes logs, Redis and the gateway agree with the restored databases',
    usage:
      () => `usage: ${called('converge')} --restored booking|payments|both --to <instant, such as 2026-07-01T12:00:00Z>

Run it while no other process runs, with the environment of payments, REDIS_URL, and a role that owns both databases and may
replicate: docs/runbooks/restore.md.`,
  },
};

export function list(): string {
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(12)}${summary}`);
  return `usage: frontrow <command> [arguments]\n\n${lines.join('\n')}\n\nfrontrow <command> --help shows its arguments. Settings come from the environment: docs/reference/config.md.`;
}

export const usageOf = (name: string): string => commands[name]?.usage() ?? '';
