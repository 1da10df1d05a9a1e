import { EnvironmentError } from '#config/parse.ts';
import { isConnectionFailure, postgresError } from '#db/pg-errors.ts';
import { SearchUnavailable } from '#search/event-search.ts';

/** What the operating system says in a code, as a person would. `at` is the path or the address, with a blank before it. */
const SYSTEM: Readonly<Record<string, (at: string) => string>> = {
  EROFS: (at) => `Nothing can be written to${at}: its file system is read-only. Give a folder that can be written to.`,
  EACCES: (at) => `This account may not use${at}. Give it the right, or give another place.`,
  EPERM: (at) => `This account may not use${at}. Give it the right, or give another place.`,
  EEXIST: (at) => `There is a file at${at} already, where a folder is needed. Remove it, or give another place.`,
  ENOTDIR: (at) => `A part of${at} is a file and no folder. Remove the file, or give another place.`,
  EISDIR: (at) => `There is a folder at${at}, where a file is needed.`,
  ENOENT: (at) => `There is nothing at${at}.`,
  ENAMETOOLONG: (at) => `The name of${at} is too long. Give a shorter one.`,
  ELOOP: (at) => `The symbolic links of${at} lead round in a circle. Give another place.`,
  ENOSPC: (at) => `The disk is full: there was no room to write${at}. Free some space and try again.`,
  EDQUOT: (at) => `This account's share of the disk is used up: there was no room to write${at}. Free some space.`,
  EMFILE: () => 'Too many files are open at once. Raise the limit (ulimit -n 8192) and try again.',
  ENFILE: () => 'The system has too many files open. Stop something else and try again.',
  ECONNREFUSED: (at) => `Nothing listens at${at}. Is it running?`,
  ECONNRESET: (at) => `The connection to${at} was cut. Try again.`,
  ETIMEDOUT: (at) => `There was no answer from${at} in time. Is it reachable from here?`,
  EHOSTUNREACH: (at) => `There is no way to${at} from here.`,
  ENETUNREACH: (at) => `There is no way to${at} from here.`,
  ENOTFOUND: (at) => `The name${at} is unknown. Is it spelt correctly?`,
  EAI_AGAIN: (at) => `The name${at} can't be resolved now. Is this machine on the network?`,
  EADDRINUSE: (at) => `Another process listens at${at} already. Stop it, or give another port.`,
};

const POSTGRES: Readonly<Record<string, string>> = {
  '28P01': 'The database refuses the password. Correct the one in DATABASE_URL.',
  '28000': 'The database does not let this role in. Correct the name in DATABASE_URL, or what the server allows.',
  '3D000': 'The server has no such database. Correct the name in DATABASE_URL, or create it.',
  '42501': 'This role may not do that. Use the one that owns the tables: docs/reference/config.md.',
  '42P01': 'A table is missing. Apply the migrations first: frontrow migrate.',
  '53100': 'The disk of the database is full. Free some space on its server.',
  '53300': 'The database has no free connection. Stop something, or raise max_connections.',
};

/** One or two sentences with what to do, for errors that come from outside; undefined for what must be a bug. */
export function sentenceOf(error: unknown): string | undefined {
  if (error instanceof EnvironmentError) return error.message;
  const code = postgresError(error)?.code;
  if (code !== undefined && POSTGRES[code]) return `${POSTGRES[code]} (${postgresError(error)?.message})`;
  if (error instanceof SearchUnavailable)
    return `The search engine does not answer. Is it running, and does its key fit? See TYPESENSE_URL. (${error.message})`;
  const outside = systemError(error);
  // All of ours that speaks HTTP is `fetch`, and what is reached otherwise by a command is a database.
  const isDatabase = outside?.isNetwork === true && !(error instanceof TypeError && error.message === 'fetch failed');
  if (isDatabase) return `The database does not answer. ${outside.text} See DATABASE_URL.`;
  if (outside) return outside.text;
  if (isConnectionFailure(error)) return 'The database does not answer. Is it running? See DATABASE_URL.';
  // What parseArgs says of an unknown or incomplete option.
  if (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'))
    return error.message;
  return undefined;
}

const NETWORK = /^(ECONN|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_)/;

type SystemError = Error & { code?: unknown; path?: unknown; address?: unknown; port?: unknown; hostname?: unknown };

/** The innermost error that the operating system named: `fetch failed` and a query that failed have it as their cause. */
function systemError(error: unknown): { text: string; isNetwork: boolean } | undefined {
  for (const one of causesOf(error)) {
    const say = typeof one.code === 'string' ? SYSTEM[one.code] : undefined;
    if (say)
      return { text: say(placeOf(one)), isNetwork: typeof one.path !== 'string' && NETWORK.test(String(one.code)) };
  }
  return undefined;
}

function* causesOf(error: unknown): Generator<SystemError> {
  for (let one: unknown = error; one instanceof Error; one = one.cause) {
    yield one;
    if (one instanceof AggregateError) for (const inner of one.errors) yield* causesOf(inner);
  }
}

function placeOf({ path, address, port, hostname }: SystemError): string {
  if (typeof path === 'string') return ` ${path}`;
  if (address !== undefined) return ` ${String(address)}${port === undefined ? '' : `:${String(port)}`}`;
  return typeof hostname === 'string' ? ` ${hostname}` : ' it';
}
