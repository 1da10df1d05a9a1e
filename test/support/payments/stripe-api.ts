import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { charge, checkoutSession, event, refund, type StripeSession } from './stripe-objects.ts';

export interface StripeTrouble {
  fail500AfterActing?: number;
  failBeforeActing?: number;
  hangMs?: number;
}

/** The part of Stripe's HTTP API that Checkout needs, with Stripe's answers and refusals. */
export interface StripeApi {
  readonly url: string;
  /** Bodies of the notices, oldest first, as Stripe sends them: indented. */
  readonly notices: readonly string[];
  /** Form fields of every POST, oldest first. */
  readonly posts: readonly { path: string; fields: Record<string, string>; key: string | undefined }[];
  trouble: StripeTrouble;
  pay(reference: string): void;
  /** A bank that refuses after the checkout was completed: the only decline that ends a session at Stripe. */
  decline(reference: string): void;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

type Fields = Record<string, string>;

const now = () => Math.floor(Date.now() / 1000);
const newId = (prefix: string) => `${prefix}_test_${randomBytes(9).toString('hex')}`;
const refusal = (status: number, error: Record<string, string>): Answer => ({ status, body: { error } });
const invalid = (message: string, code = 'parameter_invalid') =>
  refusal(400, { type: 'invalid_request_error', code, message });
const missing = () =>
  refusal(404, { type: 'invalid_request_error', code: 'resource_missing', message: 'No such checkout.session' });
const list = (data: unknown[], hasMore = false): Answer => ({
  status: 200,
  body: { object: 'list', data, has_more: hasMore, url: '/v1/list' },
});

class Account {
  readonly sessions: StripeSession[] = [];
  readonly notices: string[] = [];

  find(reference: string): StripeSession | undefined {
    return this.sessions.find(({ id }) => id === reference);
  }

  notify(type: string, object: unknown): void {
    this.notices.push(JSON.stringify(event(newId('evt'), type, object), null, 2));
  }

  create(fields: Fields): Answer {
    const expiresAt = Number(fields.expires_at);
    if (expiresAt < now() + 1_800 || expiresAt > now() + 86_400) {
      return invalid('The `expires_at` timestamp must be between 30 minutes and 24 hours from now.');
    }
    const id = newId('cs');
    const lines = Object.keys(fields).filter((name) => name.endsWith('[unit_amount]'));
    if (lines.length > 100) return invalid('A maximum of 100 line items is supported.');
    const session: StripeSession = {
      id,
      created: now(),
      expiresAt,
      amount: lines.reduce((sum, name) => sum + Number(fields[name]), 0),
      currency: fields['line_items[0][price_data][currency]'] ?? '',
      metadata: metadataOf(fields),
      successUrl: fields.success_url ?? null,
      status: 'open',
      paymentStatus: 'unpaid',
      intent: null,
      url: `https://checkout.stripe.com/c/pay/${id}`,
      refunds: [],
    };
    this.sessions.unshift(session);
    return { status: 200, body: checkoutSession(session) };
  }

  expire(session: StripeSession): Answer {
    if (session.status !== 'open') {
      return invalid(`Only Checkout Sessions with a status in ["open"] can be expired. It is ${session.status}.`);
    }
    session.status = 'expired';
    this.notify('checkout.session.expired', checkoutSession(session));
    return { status: 200, body: checkoutSession(session) };
  }

  refund(fields: Fields): Answer {
    const session = this.sessions.find(({ intent }) => intent !== null && intent === fields.payment_intent);
    if (!session) return missing();
    const amount = Number(fields.amount);
    const left = session.amount - session.refunds.reduce((sum, given) => sum + given.amount, 0);
    if (left === 0) return invalid('Charge has already been refunded.', 'charge_already_refunded');
    if (amount > left) return invalid(`Refund amount is greater than unrefunded amount on charge (${left})`);
    const given = { id: newId('re'), amount, created: now(), metadata: metadataOf(fields) };
    session.refunds.push(given);
    const { refunds: _notInNotices, ...object } = charge(session);
    this.notify('charge.refunded', object);
    return { status: 200, body: refund(session, given) };
  }

  complete(reference: string, paid: boolean): void {
    const session = this.find(reference);
    if (session?.status !== 'open') throw new Error(`${reference} cannot be paid.`);
    session.status = 'complete';
    session.intent = newId('pi');
    session.paymentStatus = paid ? 'paid' : 'unpaid';
    this.notify('checkout.session.completed', checkoutSession(session));
    if (!paid) this.notify('checkout.session.async_payment_failed', checkoutSession(session));
  }
}

export async function openStripeApi(apiKey: string): Promise<StripeApi> {
  const account = new Account();
  const saved = new Map<string, { request: string; answer: Answer }>();
  const posts: { path: string; fields: Fields; key: string | undefined }[] = [];
  const api = { trouble: {} as StripeTrouble };

  const act = (path: string, fields: Fields, key: string | undefined): Answer => {
    posts.push({ path, fields, key });
    const request = JSON.stringify([path, fields]);
    const before = key === undefined ? undefined : saved.get(key);
    if (before && before.request !== request) {
      const message = 'Keys for idempotent requests can only be used with the same parameters.';
      return refusal(400, { type: 'idempotency_error', message });
    }
    const answer = before?.answer ?? post(account, path, fields);
    // Stripe saves results; a request that failed validation may be corrected under its key.
    if (key !== undefined && answer.status === 200) saved.set(key, { request, answer });
    return answer;
  };

  const answer = async (request: IncomingMessage): Promise<Answer> => {
    const url = new URL(request.url ?? '/', 'http://stripe');
    const fields = Object.fromEntries(new URLSearchParams(await bodyOf(request)));
    if (request.headers.authorization !== `Bearer ${apiKey}`) {
      return refusal(401, { type: 'invalid_request_error', message: 'Invalid API Key provided' });
    }
    if (take(api.trouble, 'failBeforeActing')) return refusal(500, { type: 'api_error', message: 'Sorry' });
    if (request.method === 'GET') return get(account, url);
    const key = request.headers['idempotency-key'];
    const done = act(url.pathname, fields, typeof key === 'string' ? key : undefined);
    return take(api.trouble, 'fail500AfterActing') ? refusal(500, { type: 'api_error', message: 'Sorry' }) : done;
  };

  const server = createServer(async (request, response) => {
    const { status, body } = await answer(request);
    const send = () => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    setTimeout(send, api.trouble.hangMs ?? 0).unref();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The Stripe API has no port.');
  return Object.assign(api, {
    url: `http://127.0.0.1:${address.port}`,
    notices: account.notices,
    posts,
    pay: (reference: string) => account.complete(reference, true),
    decline: (reference: string) => account.complete(reference, false),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  });
}

function get(account: Account, url: URL): Answer {
  const { searchParams: query } = url;
  const reference = /^\/v1\/checkout\/sessions\/([^/]+)$/.exec(url.pathname)?.[1];
  if (reference) {
    const session = account.find(reference);
    const expanded = query.get('expand[0]') === 'payment_intent.latest_charge.refunds';
    return session ? { status: 200, body: checkoutSession(session, expanded) } : missing();
  }
  if (url.pathname === '/v1/refunds') {
    const wanted = query.get('payment_intent');
    const from = Number(query.get('created[gte]'));
    const of = account.sessions.filter(({ intent }) => intent && (wanted === null || intent === wanted));
    const found = of.flatMap((session) => session.refunds.map((given) => refund(session, given)));
    return list(found.filter(({ created }) => created >= from).reverse());
  }
  if (url.pathname !== '/v1/checkout/sessions') return missing();
  const until = Number(query.get('created[lte]') ?? Number.POSITIVE_INFINITY);
  const intentOf = query.get('payment_intent');
  const inWindow = account.sessions.filter(
    ({ created, intent }) =>
      created >= Number(query.get('created[gte]')) && created <= until && (intentOf === null || intent === intentOf),
  );
  // Pages of three with any requested size, so that a client that reads only the first page is noticed.
  const from = inWindow.findIndex(({ id }) => id === query.get('starting_after')) + 1;
  const page = inWindow.slice(from, from + 3);
  return list(
    page.map((session) => checkoutSession(session)),
    from + 3 < inWindow.length,
  );
}

function post(account: Account, path: string, fields: Fields): Answer {
  if (path === '/v1/checkout/sessions') return account.create(fields);
  if (path === '/v1/refunds') return account.refund(fields);
  const reference = /^\/v1\/checkout\/sessions\/([^/]+)\/expire$/.exec(path)?.[1];
  const session = reference && account.find(reference);
  return session ? account.expire(session) : missing();
}

function metadataOf(fields: Fields): Record<string, string> {
  const entries = Object.entries(fields).map(([name, value]) => [/^metadata\[(\w+)\]$/.exec(name)?.[1], value]);
  return Object.fromEntries(entries.filter(([name]) => name !== undefined));
}

function take(trouble: StripeTrouble, name: 'fail500AfterActing' | 'failBeforeActing'): boolean {
  const left = trouble[name] ?? 0;
  if (left > 0) trouble[name] = left - 1;
  return left > 0;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
