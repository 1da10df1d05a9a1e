import { describeError, type Log } from '#observability/log.ts';

/** What is asked of one store: what has to be set otherwise, or undefined when nothing has. */
export type StoreCheck = {
  /** The variable that names the store. */
  readonly variable: string;
  /** @throws what the store's client throws; what waiting can cure is left to the process */
  check(): Promise<string | undefined>;
};

const PATIENCE_MS = 8_000;

/** What the codes of OpenSSL, Node and the stores' clients say of a certificate or of a way without TLS. */
const tlsReasons: Readonly<Record<string, string>> = {
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'its certificate is of a CA that is not trusted here: name the file of its CA in STORES_CA_FILE',
  UNABLE_TO_GET_ISSUER_CERT:
    'its certificate is of a CA that is not trusted here: name the file of its CA in STORES_CA_FILE',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'its certificate is of a CA that is not trusted here: name the file of its CA in STORES_CA_FILE',
  SELF_SIGNED_CERT_IN_CHAIN:
    'its certificate is of a CA that is not trusted here: name the file of its CA in STORES_CA_FILE',
  DEPTH_ZERO_SELF_SIGNED_CERT:
    'its certificate is signed by itself: name its file in STORES_CA_FILE, or give it one of a CA',
  CERT_SIGNATURE_FAILURE: 'its certificate is not signed by the CA of STORES_CA_FILE',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet: compare the clocks',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is of another host: use a name that the certificate has',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS: turn TLS on there, or take it out of the URL',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS: turn TLS on there, or take it out of the URL',
};

/**
 * Asks each store once, before anything is opened. Settings that are wrong end the process, all of them in one message;
 * a store that is away is waited for later, as it is when it goes away.
 *
 * @throws Error that names each variable with its reason and what to do
 */
export async function checkStores(checks: readonly StoreCheck[], log: Log): Promise<void> {
  const found = await Promise.all(checks.map((check) => problemOf(check, log)));
  const problems = found.filter((problem) => problem !== undefined);
  if (problems.length > 0)
    throw new Error(
      `The stores cannot be used as they are configured:\n${problems.map((problem) => `  ${problem}`).join('\n')}\nSee docs/reference/config.md.`,
    );
}

async function problemOf({ variable, check }: StoreCheck, log: Log): Promise<string | undefined> {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(late.resolve, PATIENCE_MS);
  try {
    const problem = await Promise.race([check(), late.promise]);
    return problem && `${variable}: ${problem}`;
  } catch (error) {
    const code = tlsCodeIn(error);
    if (code) return `${variable}: ${tlsReasons[code]} (${code}).`;
    log.warn({ variable, ...describeError(error) }, 'a store is not there at the start');
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

/** Clients wrap what the socket said, some of them several times. */
function tlsCodeIn(error: unknown, depth = 0): string | undefined {
  if (typeof error !== 'object' || error === null || depth > 5) return undefined;
  const { code, cause, errors } = error as { code?: unknown; cause?: unknown; errors?: unknown };
  if (typeof code === 'string' && code in tlsReasons) return code;
  const inner = [cause, ...(Array.isArray(errors) ? errors : [])];
  return inner.map((one) => tlsCodeIn(one, depth + 1)).find((found) => found !== undefined);
}
