import pino from 'pino';

export type Log = pino.Logger;

/** JSON lines on stdout. `name` is the process. */
export function openLog(options: { level: string; name: string }): Log {
  const about = { level: options.level, base: { name: options.name }, timestamp: pino.stdTimeFunctions.isoTime };
  return pino(about, openOutput());
}

const INFO = '{"level":30,';

/**
 * The lines of one turn of the event loop are one write, because a process that handles a set has many at once. A line
 * that is no mere information is written at once, with those before it.
 */
function openOutput(): pino.DestinationStream {
  const output = pino.destination({ dest: 1, sync: true });
  let text = '';
  const flush = () => {
    if (text === '') return;
    const lines = text;
    text = '';
    output.write(lines);
  };
  process.once('exit', flush);
  return {
    write(line) {
      if (text === '') setImmediate(flush);
      text += line;
      if (!line.startsWith(INFO)) flush();
    },
  };
}

const SECRETS: [RegExp, string][] = [
  [/[^\s@"'(<=]+@[^\s@"')>,]+/g, '<e-mail>'],
  [/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, '<token>'],
  [/\b[\w-]{40,}\b/g, '<secret>'],
];

/** The patterns take time that grows with the square of the text's length. */
const READ_AT_MOST = 2_000;
/** A line is useful up to a few thousand bytes, regardless of what a client sent. */
const LONGEST_MESSAGE = 400;
const LONGEST_STACK = 1_000;

const withoutSecrets = (text: string): string =>
  SECRETS.reduce((rest, [secret, mask]) => rest.replace(secret, mask), text.slice(0, READ_AT_MOST));
const messageForLog = (message: string): string => withoutSecrets(message).slice(0, LONGEST_MESSAGE);

/** The stack begins with the message, which may have several lines. */
function stackForLog(stack: string): string {
  const frames = stack.split('\n').filter((line) => /^ +at /.test(line));
  return withoutSecrets(frames.slice(0, 8).join('\n')).slice(0, LONGEST_STACK);
}

/** Of several failed attempts the first one, because mostly all failed for the same reason. */
function causeOf(error: unknown): Error | undefined {
  if (!(error instanceof Error)) return undefined;
  const cause = error instanceof AggregateError ? error.errors[0] : error.cause;
  return cause instanceof Error ? cause : undefined;
}

/**
 * The fields of an error that may be logged. A failed query's message contains its parameters, and PostgreSQL quotes
 * the values that it refuses, so for those only the innermost cause is logged, without its quoted parts.
 */
export function describeError(error: unknown): Record<string, unknown> {
  let inner = error;
  let query: string | undefined;
  for (let cause = causeOf(inner); cause && inner instanceof Error; cause = causeOf(inner)) {
    if ('query' in inner && typeof inner.query === 'string') query = inner.query;
    inner = cause;
  }
  if (!(inner instanceof Error)) return { error: messageForLog(String(inner)) };
  const isQuery = query !== undefined || 'severity' in inner;
  const message = isQuery ? inner.message.replace(/"[^"]*"|'[^']*'/g, '…') : inner.message;
  return {
    error: messageForLog(message),
    ...('code' in inner && { code: inner.code }),
    ...(query && { query: query.slice(0, 300) }),
    stack: stackForLog(inner.stack ?? ''),
  };
}
