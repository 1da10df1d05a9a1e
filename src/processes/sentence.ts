import { EnvironmentError } from '#config/parse.ts';
import { isConnectionFailure, postgresError } from '#db/pg-errors.ts';
import { SearchUnavailable } from '#search/event-search.ts';

/** Sentences for the error codes of the operating system. `at` is the path or the address, with a blank before it. */
const SYSTEM: Readonly<Record<string, (at: string) => string>> = {
  EROFS: (at) => `The file system of${at} is read-only. Give a folder that can be written to.`,
  EACCES: (at) => `This user account has no right to use${at}. Grant it the right, or give another place.`,
  EPERM: (at) => `This user account has no right to use${at}. Grant it the right, or give another place.`,
  EEXIST: (at) => `There is already a file at${at}, where a folder is needed. Remove it, or give another place.`,
  ENOTDIR: (at) => `A part of${at} is a file, not a folder. Remove the file, or give another place.`,
  EISDIR: (at) => `There is a folder at${at}, where a file is needed. Give a file.`,
  ENOENT: (at) => `There is no file or folder at${at}.`,
  ENAMETOOLONG: (at) => `The name of${at} is too long. Give a shorter one.`,
  ELOOP: (at) => `The symbolic links of${at} form a circle. Give another place.`,
  ENOSPC: (at) => `The disk is full, so${at} could not be written. Free some space and try again.`,
  EDQUOT: (at) => `This user account has used up its disk quota, so${at} could not be written. Free some space.`,
  EMFILE: () => 'Too many files are open at once. Raise the limit (ulimit -n 8192) and try again.',
  ENFILE: () => 'The system has too many files open. Stop something else and try again.',
  ECONNREFUSED: (at) => `No server listens at${at}. Is it running?`,
  ECONNRESET: (at) => `The connection to${at} was cut. Try again.`,
  ETIMEDOUT: (at) => `There was no answer from${at} in time. Is it reachable from here?`,
  EHOSTUNREACH: (at) => `This machine has no route to${at}.`,
  ENETUNREACH: (at) => `This machine has no route to${at}.`,
  ENOTFOUND: (at) => `The name${at} is unknown. Is it spelt correctly?`,
  EAI_AGAIN: (at) => `The name${at} cannot be resolved at the moment. Is this machine on the network?`,
  EADDRINUSE: (at) => `Another process already listens at${at}. Stop it, or give another port.`,
};

const POSTGRES: Readonly<Record<string, string>> = {
  '28P01': 'The database refuses the password. Correct the one in DATABASE_URL.',
  '28000':
    'The database does not let this role connect. Correct the role in DATABASE_URL, or the settings of the server.',
  '3D000': 'The server has no such database. Correct the name in DATABASE_URL, or create it.',
  '42501': 'This role has no right to do that. Use the role that owns the tables: docs/reference/config.md.',
  '42P01': 'A table is missing. Apply the migrations first: frontrow migrate.',
  '53100': 'The disk of the database is full. Free some space on its server.',
  '53300': 'The database has no free connection. Stop a process that uses it, or raise max_connections.',
};

/** Returns one or two sentences with the remedy for an error with an outside cause; undefined for a bug. */
export function sentenceOf(error: unknown): string | undefined {
  if (error instanceof EnvironmentError) return error.message;
  const code = postgresError(error)?.code;
  if (code !== undefined && POSTGRES[code]) return `${POSTGRES[code]} (${postgresError(error)?.message})`;
  if (error instanceof SearchUnavailable)
    return `The search engine does not answer. Is it running, and does its key fit? See TYPESENSE_URL. (${error.message})`;
  const outside = systemError(error);
  // Commands use `fetch` for HTTP; any other network connection of a command is to a database.
  const isDatabase = outside?.isNetwork === true && !(error instanceof TypeError && error.message === 'fetch failed');
  if (isDatabase) return `The database does not answer. ${outside.text} See DATABASE_URL.`;
  if (outside) return outside.text;
  if (isConnectionFailure(error)) return 'The database does not answer. Is it running? See DATABASE_URL.';
  // The error of parseArgs for an unknown or incomplete option.
  if (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'))
    return error.message;
  return undefined;
}

const NETWORK = /^(ECONN|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_)/;

type SystemError = Error & { code?: unknown; path?: unknown; address?: unknown; port?: unknown; hostname?: unknown };

/** Returns the innermost error with a code of the operating system; a failed `fetch` or query has it as its cause. */
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
