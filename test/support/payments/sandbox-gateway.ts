import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type SandboxGatewayOptions, startSandboxGateway } from '#processes/gateway-sandbox/server.ts';
import { type NoticeReceiver, openNoticeReceiver } from './notice-receiver.ts';

export const sandboxKeys = {
  apiKey: 'sk_sandbox_for_tests_and_nothing_else',
  webhookSecret: 'whsec_for_tests_and_nothing_else',
};

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes
  readonly json: any;
}

/** A call of the merchant; `body` is sent as JSON unless it is text. */
export type MerchantCall = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<Answer>;

export interface SandboxUnderTest {
  readonly url: string;
  readonly receiver: NoticeReceiver;
  call: MerchantCall;
  close(): Promise<void>;
}

/** The sandbox gateway in this process, on a folder of its own, with an endpoint for its notices. */
export async function openSandboxUnderTest(options: Partial<SandboxGatewayOptions> = {}): Promise<SandboxUnderTest> {
  const dataFolder = await mkdtemp(join(tmpdir(), 'frontrow-gateway-'));
  const receiver = await openNoticeReceiver();
  const gateway = await startSandboxGateway({ dataFolder, ...sandboxKeys, webhookUrl: receiver.url, ...options });
  return {
    url: gateway.url,
    receiver,
    call: merchantCall(gateway.url),
    async close() {
      await gateway.close();
      await receiver.close();
      await rm(dataFolder, { recursive: true });
    },
  };
}

export function merchantCall(url: string): MerchantCall {
  return async (method, path, body, headers = {}) => {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${sandboxKeys.apiKey}`, ...headers },
      body: bodyText(body),
    });
    return readAnswer(response);
  };
}

/** What a fan's program does on the page: POST the form field. */
export async function decide(url: string, outcome: string, accept = 'application/json'): Promise<Answer> {
  const body = new URLSearchParams({ outcome });
  return readAnswer(await fetch(url, { method: 'POST', headers: { accept }, body }));
}

/** A session of 150.00 USD for the booking, open for five minutes by default. */
export function sessionBody(bookingId: string, changes: Record<string, unknown> = {}) {
  return {
    amount_minor: 15_000,
    currency: 'USD',
    description: 'Mexico – South Africa',
    lines: [
      { label: 'Section 101, row A, seat 1', amount_minor: 14_500 },
      { label: 'Fees', amount_minor: 500 },
    ],
    expires_at: new Date(Date.now() + 300_000).toISOString(),
    success_url: 'http://localhost:4000/bookings',
    metadata: { booking_id: bookingId, event_id: 'event-1' },
    ...changes,
  };
}

export async function openSession(call: MerchantCall, bookingId: string, changes: Record<string, unknown> = {}) {
  const body = sessionBody(bookingId, changes);
  const answer = await call('POST', '/v1/sessions', body, { 'idempotency-key': `session:${bookingId}` });
  if (answer.status !== 200) throw new Error(`No session for ${bookingId}: ${answer.text}`);
  return answer.json as { id: string; url: string; status: string };
}

export function noticeOf(rawBody: Buffer): { id: string; type: string; bookingId: string } {
  const { id, type, data } = JSON.parse(rawBody.toString());
  return { id, type, bookingId: data.object.metadata.booking_id };
}

function bodyText(body: unknown): string | null {
  if (body === undefined) return null;
  return typeof body === 'string' ? body : JSON.stringify(body);
}

async function readAnswer(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json');
  return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined };
}
