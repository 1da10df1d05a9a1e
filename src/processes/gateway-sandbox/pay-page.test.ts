import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  decide,
  noticeOf,
  openSandboxUnderTest,
  openSession,
  type SandboxUnderTest,
} from '#test/support/payments/sandbox-gateway.ts';

let sandbox: SandboxUnderTest;
beforeAll(async () => {
  sandbox = await openSandboxUnderTest();
});
afterAll(() => sandbox.close());

const browser = 'text/html,application/xhtml+xml,*/*;q=0.8';
const visit = async (url: string) => {
  const response = await fetch(url, { headers: { accept: browser } });
  return { status: response.status, headers: response.headers, html: await response.text() };
};
const statusOf = async (id: string) => (await sandbox.call('GET', `/v1/sessions/${id}`)).json.status;
const noticesOf = (bookingId: string) =>
  sandbox.receiver.received.map(({ rawBody }) => noticeOf(rawBody)).filter((notice) => notice.bookingId === bookingId);

/** Submits the form as a browser does from a page with these headers. */
const submit = (url: string, headers: Record<string, string>) =>
  fetch(url, { method: 'POST', headers, body: new URLSearchParams({ outcome: 'pay' }) });

describe('a form', () => {
  test.each([
    ['another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
    ['another name of the same site', { 'sec-fetch-site': 'same-site', origin: 'http://localhost:4000' }],
    ['another site, whose origin the browser hides', { 'sec-fetch-site': 'cross-site', origin: 'null' }],
    ['another site in a browser that sends the origin only', { origin: 'https://evil.example' }],
    ['a sandboxed page in such a browser', { origin: 'null' }],
  ])('of %s neither pays nor declines', async (what, headers) => {
    const { id, url } = await openSession(sandbox.call, what);
    const refused = await submit(url, headers);
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ error: { type: 'permission_error' } });
    const declined = await fetch(url, { method: 'POST', headers, body: new URLSearchParams({ outcome: 'decline' }) });
    expect(declined.status).toBe(403);
    expect(await statusOf(id)).toBe('open');
  });

  test.each([
    ['the page itself', () => ({ 'sec-fetch-site': 'same-origin', origin: 'null' })],
    ['the page itself in a browser that sends the origin only', (url: string) => ({ origin: new URL(url).origin })],
    ['a program, which says nothing', () => ({})],
  ])('of %s pays', async (what, headersOf) => {
    const { id, url } = await openSession(sandbox.call, what);
    expect((await submit(url, headersOf(url))).status).toBe(200);
    expect(await statusOf(id)).toBe('paid');
  });

  test('is on a page with a policy that lets the browser send its origin', async () => {
    const { url } = await openSession(sandbox.call, 'policy');
    expect((await visit(url)).headers.get('referrer-policy')).toBe('same-origin');
  });
});

describe('a person', () => {
  test('sees event, seats, amount and time left, and can pay or decline', async () => {
    const { url } = await openSession(sandbox.call, 'seen');
    const { status, html } = await visit(url);
    expect(status).toBe(200);
    expect(html).toContain('<h1>Mexico – South Africa</h1>');
    expect(html).toContain('<th scope="row">Section 101, row A, seat 1</th><td>$145.00</td>');
    expect(html).toContain('<th scope="row">Total</th><td>$150.00</td>');
    expect(html).toMatch(/role="timer"[^>]*>(5:00|4:5\d)</);
    expect(html).toContain('name="outcome" value="pay">Pay $150.00</button>');
    expect(html).toContain('name="outcome" value="decline">Decline</button>');
  });

  test.each([
    ['JPY', '¥15,000'],
    ['KWD', 'KWD&nbsp;15.000'],
    ['MGA', 'MGA&nbsp;150.00'],
    ['PKR', 'PKR&nbsp;150.00'],
    ['UGX', 'UGX&nbsp;15,000'],
  ])('sees amounts of %s with its own decimals', async (currency, shown) => {
    const { url } = await openSession(sandbox.call, `shown-in-${currency}`, { currency });
    expect((await visit(url)).html.replaceAll('\u00a0', '&nbsp;')).toContain(`Pay ${shown}</button>`);
  });

  test('sees the outcome, with a link back to the shop', async () => {
    const { url } = await openSession(sandbox.call, 'told');
    const { status, text } = await decide(url, 'pay', browser);
    expect(status).toBe(200);
    expect(text).toContain('Payment received');
    expect(text).toContain('href="http://localhost:4000/bookings"');
    expect((await visit(url)).html).toContain('Payment received');
  });

  test('sees a page even when the session does not exist', async () => {
    const { status, html } = await visit(`${sandbox.url}/pay/cs_unknown`);
    expect(status).toBe(404);
    expect(html).toContain('There is no such session.');
  });

  test('is safe from texts of merchants and from other sites', async () => {
    const description = '<script>alert("x")</script> & \'friends\'';
    const { url } = await openSession(sandbox.call, 'hostile', { description });
    const { html, headers } = await visit(url);
    expect(html).not.toContain('<script>alert');
    expect(html).toContain('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;friends&#39;');
    const policy = headers.get('content-security-policy') ?? '';
    const nonce = /script-src 'nonce-([^']+)'/.exec(policy)?.[1];
    expect(html).toContain(`<script nonce="${nonce}">`);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(html).not.toMatch(/(src|href)="https?:\/\/(?!localhost:4000)/);
  });
});

describe('the time on the page', () => {
  const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();

  test('is the time of the hold, not of the session', async () => {
    const { url } = await openSession(sandbox.call, 'held', { expires_at: inMs(450_000), held_until: inMs(300_000) });
    const { html } = await visit(url);
    expect(html).toMatch(/Seats held for <time[^>]*>(5:00|4:5\d)</);
    expect(html).toContain('id="ended" hidden>');
  });

  test('ends with the hold, and the fan can still pay', async () => {
    const { url } = await openSession(sandbox.call, 'late', { expires_at: inMs(150_000), held_until: inMs(-1_000) });
    const { html } = await visit(url);
    expect(html).not.toContain('role="timer"');
    expect(html).toContain('id="ended">The hold has ended. You can still pay:');
    expect((await decide(url, 'pay')).json).toMatchObject({ status: 'paid' });
  });

  test('is the time of the session when the merchant sent no end of the hold', async () => {
    const { url } = await openSession(sandbox.call, 'plain');
    expect((await visit(url)).html).toMatch(/Time left: <time[^>]*>(5:00|4:5\d)</);
  });
});

describe('a program', () => {
  test('gets JSON, even when it sends no Accept header', async () => {
    const { id, url } = await openSession(sandbox.call, 'program');
    const answer = await decide(url, 'pay', '*/*');
    expect(answer.json).toMatchObject({ reference: id, status: 'paid', amount_minor: 15_000, currency: 'USD' });
  });

  test('that pays many times at once causes one capture and one notice', async () => {
    const { id, url } = await openSession(sandbox.call, 'eager');
    const answers = await Promise.all(Array.from({ length: 20 }, () => decide(url, 'pay')));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    const { captures } = (await sandbox.call('GET', '/v1/ledger')).json;
    expect(captures.filter(({ session }: { session: string }) => session === id)).toHaveLength(1);
    const after = await openSession(sandbox.call, 'after-eager');
    await decide(after.url, 'decline');
    await sandbox.receiver.waitFor(({ rawBody }) => noticeOf(rawBody).bookingId === 'after-eager');
    expect(noticesOf('eager')).toHaveLength(1);
  });

  test('a decline is final', async () => {
    const { id, url } = await openSession(sandbox.call, 'declined');
    expect((await decide(url, 'decline')).json.status).toBe('declined');
    const late = await decide(url, 'pay');
    expect({ status: late.status, session: late.json.status }).toEqual({ status: 409, session: 'declined' });
    expect(await statusOf(id)).toBe('declined');
  });

  test('a paid session cannot be declined', async () => {
    const { id, url } = await openSession(sandbox.call, 'regretted');
    await decide(url, 'pay');
    expect((await decide(url, 'decline')).status).toBe(409);
    expect(await statusOf(id)).toBe('paid');
  });

  test('an ended session takes no money and says why', async () => {
    const { id, url } = await openSession(sandbox.call, 'ended');
    await sandbox.call('POST', `/v1/sessions/${id}/expire`);
    const late = await decide(url, 'pay');
    expect({ status: late.status, session: late.json.status }).toEqual({ status: 410, session: 'expired' });
    expect((await decide(url, 'pay', browser)).text).toContain('This payment has expired');
  });

  test.each(['', 'maybe'])('outcome %j is refused and changes nothing', async (outcome) => {
    const { id, url } = await openSession(sandbox.call, `undecided-${outcome}`);
    expect((await decide(url, outcome)).status).toBe(400);
    expect(await statusOf(id)).toBe('open');
  });
});

test('a session ends by itself at its time, and its end is reported', async () => {
  const expiresAt = new Date(Date.now() + 100).toISOString();
  const { id } = await openSession(sandbox.call, 'abandoned', { expires_at: expiresAt });
  const { rawBody } = await sandbox.receiver.waitFor((notice) => noticeOf(notice.rawBody).bookingId === 'abandoned');
  expect(noticeOf(rawBody).type).toBe('session.expired');
  expect(await statusOf(id)).toBe('expired');
});

test('the log reports what was done on a page and to a session, without their addresses and ids', async () => {
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(line) });
  const own = await openSandboxUnderTest({ log });
  const { id, url } = await openSession(own.call, 'logged');
  await visit(url);
  await decide(url, 'pay');
  await own.call('GET', `/v1/sessions/${id}`);
  await own.receiver.waitFor(({ rawBody }) => noticeOf(rawBody).bookingId === 'logged');
  await own.close();
  const logged = lines.join('');
  for (const path of ['/pay/:id', '/v1/sessions/:id', '/v1/sessions']) expect(logged).toContain(`"path":"${path}"`);
  expect(logged).not.toContain(id);
});
