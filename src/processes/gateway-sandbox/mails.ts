import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { assertMerchant } from './api.ts';
import { readJson, sendHtml, sendJson } from './http-io.ts';
import { escapeHtml, layout } from './pay-html.ts';
import { wantsHtml } from './pay-page.ts';
import { Problem } from './problem.ts';
import type { Store } from './store.ts';

const KEPT = 200;
const SHOWN = 50;

const mail = z.object({
  id: z.string().min(1).max(200),
  from: z.string().max(400),
  to: z.string().max(400),
  subject: z.string().max(1_000),
  text: z.string().max(50_000),
});

type MailRow = { id: string; from: string; to: string; subject: string; text: string; received_at: number };

/**
 * One inbox for all mails in development. POST stores a mail from a caller with the API key; GET shows the latest
 * mails, as a page or as JSON. @throws Problem
 */
export async function answerMails(
  { store, apiKey }: { store: Store; apiKey: string },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method === 'POST') {
    assertMerchant(apiKey, request.headers.authorization);
    const parsed = mail.safeParse(await readJson(request));
    if (!parsed.success) throw new Problem(400, 'invalid_request_error', 'This is not a mail.');
    keep(store, parsed.data);
    await store.onDisk();
    return sendJson(response, 201, { id: parsed.data.id });
  }
  if (request.method !== 'GET') throw new Problem(405, 'method_not_allowed', 'Use GET or POST.');
  const mails = list(store);
  if (!wantsHtml(request)) return sendJson(response, 200, { mails: mails.map(present) });
  const nonce = randomBytes(16).toString('base64');
  sendHtml(response, 200, { html: renderMails(mails, nonce), nonce });
}

function keep(store: Store, { id, from, to, subject, text }: z.infer<typeof mail>): void {
  store.transaction(() => {
    store.run(
      'INSERT INTO mails (id, sender, recipient, subject, text, received_at) VALUES (?, ?, ?, ?, ?, ?)',
      ...[id, from, to, subject, text, Date.now()],
    );
    store.run('DELETE FROM mails WHERE seq <= (SELECT max(seq) FROM mails) - ?', KEPT);
  });
}

const list = (store: Store): MailRow[] =>
  store.all(
    'SELECT id, sender AS "from", recipient AS "to", subject, text, received_at FROM mails ORDER BY seq DESC LIMIT ?',
    SHOWN,
  ) as MailRow[];

const present = ({ received_at, ...row }: MailRow) => ({ ...row, received_at: new Date(received_at).toISOString() });

function renderMails(mails: readonly MailRow[], nonce: string): string {
  const content =
    mails.length === 0 ? '<p>No mail was sent yet. Load the page again.</p>' : mails.map(renderMail).join('');
  return layout({ title: 'Mails', nonce, content: `<h1>Mails</h1>${content}` });
}

const renderMail = (row: MailRow): string => `
    <article>
      <p class="eyebrow">To ${escapeHtml(row.to)}, ${new Date(row.received_at).toISOString()}</p>
      <h2>${escapeHtml(row.subject)}</h2>
      <p class="mail">${withLinks(row.text)}</p>
    </article>`;

/** Turns addresses in the text into links. */
function withLinks(text: string): string {
  const parts = text.split(/(https?:\/\/\S+)/);
  return parts
    .map((part, index) => {
      const escaped = escapeHtml(part);
      return index % 2 === 1 ? `<a href="${escaped}" rel="noreferrer">${escaped}</a>` : escaped;
    })
    .join('');
}
