type Command = { readonly summary: string; readonly usage: () => string };

/** How the command was called, so that what a usage shows can be typed as it stands. */
export const called = (name: string): string =>
  process.env.npm_lifecycle_event === name ? `npm run ${name} --` : `frontrow ${name}`;

const WHERE =
  'Without DATABASE_URL it takes the databases of the npm start on FRONTROW_DATA, or of the one that runs from this clone.';

/** What can be run by hand; the file of the same name does it. */
export const commands: Readonly<Record<string, Command>> = {
  roles: {
    summary: 'makes the database roles of owner, app, payments and relay',
    usage: () => `usage: ${called('roles')}

Runs deploy/postgres/roles.sql as the superuser of DATABASE_ADMIN_URL and PAYMENTS_DATABASE_ADMIN_URL, and sets the passwords
DATABASE_OWNER_PASSWORD, DATABASE_APP_PASSWORD, DATABASE_PAYMENTS_PASSWORD and DATABASE_RELAY_PASSWORD. Run it before the
first migration, and again to change a password.`,
  },
  migrate: {
    summary: 'brings both databases up to date',
    usage: () => `usage: ${called('migrate')}

Applies what is new in drizzle/ to the databases at DATABASE_URL and PAYMENTS_DATABASE_URL, as a role that owns their
tables, and gives the roles of deploy/postgres their rights where they exist. Run again it changes nothing.`,
  },
  import: {
    summary: 'reads venues, seating plans and events from folders',
    usage: () => `usage: ${called('import')} [--dir <folder>]...

Imports into the database at DATABASE_URL; docs/reference/seating.md has the formats. Without --dir the demo data of data/,
which the production profile leaves out.`,
  },
  account: {
    summary: 'makes an account, or changes the role of one',
    usage:
      () => `usage: ${called('account')} --role organizer|admin|fan --email <address> [--password <10 to 200 characters>]
                          [--event <id>]... [--all-events] [--existing]

--event       makes it the organizer of this event: Event_... as GraphQL shows it, or the UUID alone
--all-events  of every event that there is now
--existing    says that you know whose account it is. Without it, an account that somebody signed up with
              gets no higher role and no other password
Without --password a new account gets a random one, which is printed; an account that has one keeps it.
${WHERE}`,
  },
  erase: {
    summary: 'takes everything personal of one person out of both databases',
    usage: () => `usage: ${called('erase')} --email <address> | --user <id>

--email  the account with this address, and every guest who gave it
--user   one account or guest: User_... as GraphQL shows it, or the UUID alone
Names, addresses, passwords and sessions go. Bookings, amounts, payments and tickets stay, and say nothing about the person.
It needs DATABASE_URL and PAYMENTS_DATABASE_URL; docs/recipes/accounts.md says what it leaves alone.
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

replay  asks the running consumers to hand the messages over again, from the first one of each event on; waits for the
        outcome, 30 seconds unless --wait says otherwise. --key and --group may be combined
drop    takes one message out for good, for one group; those behind it stay parked
--by    who asks, for the history; otherwise the name of the account that runs this
${WHERE}`;
    },
  },
  invariants: {
    summary: 'asks a running system for broken promises',
    usage: () => `usage: ${called('invariants')}

Asks the database at DATABASE_URL; with PAYMENTS_DATABASE_URL, GATEWAY_URL and GATEWAY_API_KEY also whether our books and the
sandbox gateway's agree. Prints each promise with "holds" or "BROKEN" and its rows; exit code 1 when one is broken.
${WHERE}`,
  },
  reindex: {
    summary: 'builds the search index anew, or compares it with PostgreSQL',
    usage: () => `usage: ${called('reindex')} [--compare]

Builds the index beside the one that is searched, from DATABASE_URL into TYPESENSE_URL, and swaps: no search fails meanwhile.
--compare  changes nothing
Exit code 1 when the index and PostgreSQL differ in the end.`,
  },
  converge: {
    summary: 'after a restore: makes logs, Redis and the gateway agree with the databases again',
    usage:
      () => `usage: ${called('converge')} --restored booking|payments|both --to <instant, such as 2026-07-01T12:00:00Z>

Run it while no other process runs, with the environment of payments, REDIS_URL, and a role that owns both databases and may
replicate: docs/runbooks/restore.md.`,
  },
};

export function list(): string {
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(12)}${summary}`);
  return `usage: frontrow <command> [arguments]\n\n${lines.join('\n')}\n\nfrontrow <command> --help says more. Settings come from the environment: docs/reference/config.md.`;
}

export const usageOf = (name: string): string => commands[name]?.usage() ?? '';
