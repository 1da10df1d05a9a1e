import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { DomainError, InvalidInput } from '#domain/errors.ts';
import { isOutage } from '#domain/outages.ts';

/** The codes of top-level errors. Expected refusals of mutations are data and have their own codes. */
export const errorCodes = [
  'UNAUTHENTICATED',
  'BAD_REQUEST',
  'INVALID_INPUT',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_NOT_SUPPORTED',
  'ADMISSION_REQUIRED',
  'NOT_ALLOWED',
  'RATE_LIMITED',
  'TEMPORARILY_UNAVAILABLE',
  'INTERNAL',
] as const;
export type ErrorCode = (typeof errorCodes)[number];

const codeOfRefusal: Record<string, ErrorCode> = {
  INVALID_INPUT: 'INVALID_INPUT',
  RATE_LIMITED: 'RATE_LIMITED',
  TRY_AGAIN: 'TEMPORARILY_UNAVAILABLE',
  ADMISSION_REQUIRED: 'ADMISSION_REQUIRED',
  NOT_ALLOWED: 'NOT_ALLOWED',
};

/** An outage is over in seconds or not for minutes; clients add jitter of their own. */
const OUTAGE_RETRY_SECONDS = 2;

export type Reported = {
  /** What the client gets. */
  readonly error: GraphQLFormattedError;
  readonly code: ErrorCode;
  /** The cause of what the client was not told: for the log. */
  readonly cause?: unknown;
};

/**
 * What a client may know of an error: a code, when to try again, and the request's id. Messages are kept only where this
 * code, the domain or GraphQL itself wrote them for clients; of anything else no word leaves. Where the schema is not
 * told (`tellsSchema: false`), neither are the types and values that GraphQL names when a variable is wrong.
 */
export function reportError(error: unknown, requestId: string, { tellsSchema = true } = {}): Reported {
  const { code, message: known, field, retryAfterSeconds, cause } = classify(error);
  const at = error instanceof GraphQLError ? error : undefined;
  const message = (!tellsSchema && code === 'BAD_REQUEST' && withoutSchema(at)) || known.slice(0, LONGEST_MESSAGE);
  return {
    code,
    cause,
    error: {
      message,
      ...(at?.locations && { locations: at.locations }),
      ...(at?.path && { path: at.path }),
      extensions: {
        code,
        ...(field !== undefined && { field }),
        ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
        requestId,
      },
    },
  };
}

/** GraphQL quotes the whole value of a variable. */
const LONGEST_MESSAGE = 1_000;
/** How messages about a value begin, interpreted and compiled. */
const ABOUT_A_VALUE = /^(?:Variable "\$(\w+)"|Argument ")/;

function withoutSchema(error: GraphQLError | undefined): string | undefined {
  const about = ABOUT_A_VALUE.exec(error?.message ?? '');
  if (!about) return undefined;
  return about[1] === undefined
    ? 'A variable has an invalid value.'
    : `The variable "$${about[1]}" has an invalid value.`;
}

type Classified = {
  code: ErrorCode;
  message: string;
  /** The argument that is wrong. */
  field?: string | undefined;
  retryAfterSeconds?: number | undefined;
  cause?: unknown;
};

function classify(error: unknown): Classified {
  const inner = innermost(error);
  if (inner instanceof DomainError) {
    const afterSeconds = 'afterSeconds' in inner.retry ? inner.retry.afterSeconds : undefined;
    return {
      code: codeOfRefusal[inner.code] ?? 'BAD_REQUEST',
      message: inner.message,
      field: inner instanceof InvalidInput ? inner.field : undefined,
      retryAfterSeconds: afterSeconds,
    };
  }
  if (inner instanceof GraphQLError && !isOurFault(inner)) return { ...ownCode(inner), message: inner.message };
  if (isOutage(inner)) {
    const message = 'A part of the system is unavailable. Try again soon.';
    return { code: 'TEMPORARILY_UNAVAILABLE', message, retryAfterSeconds: OUTAGE_RETRY_SECONDS, cause: inner };
  }
  return { code: 'INTERNAL', message: 'An internal error occurred.', cause: inner };
}

/**
 * A compiled document reports a missing value as an error of its own that has a place in the answer but no code. So does
 * a null in a variable for an argument that takes none, which is the client's.
 */
const isOurFault = (error: GraphQLError): boolean =>
  error.path !== undefined && error.extensions?.code === undefined && !ABOUT_A_VALUE.test(error.message);

/** GraphQL wraps what a resolver throws, once for each layer. */
function innermost(error: unknown): unknown {
  let inner = error;
  while (inner instanceof GraphQLError && inner.originalError) inner = inner.originalError;
  return inner;
}

/** An error without a code of ours was made by GraphQL itself: the document or its variables are wrong. */
function ownCode(error: GraphQLError): Pick<Classified, 'code' | 'retryAfterSeconds'> {
  const code = errorCodes.find((known) => known === error.extensions?.code) ?? 'BAD_REQUEST';
  const after = error.extensions?.retryAfterSeconds;
  return { code, retryAfterSeconds: typeof after === 'number' ? after : undefined };
}

/** An error of any kind in the form that a result takes. */
export const asGraphqlError = (error: unknown): GraphQLError =>
  error instanceof GraphQLError
    ? error
    : new GraphQLError('', { originalError: error instanceof Error ? error : new Error(String(error)) });
