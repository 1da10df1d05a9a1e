import { formatMoney } from '#domain/currency-rules.ts';
import { openDispute, settleDispute } from './disputes.ts';
import { escapeHtml } from './pay-html.ts';
import { Problem } from './problem.ts';
import { changeRefund, refundAtDashboard } from './refunds.ts';
import { type Books, presentSession, requireSession, type SessionRow } from './sessions.ts';

type Act = (books: Books, session: SessionRow, fields: URLSearchParams) => unknown;

/** What the merchant's people or the fan's bank may do with a payment, without a request of the merchant. */
const acts: Readonly<Record<string, Act>> = {
  refund: (books, session) => refundAtDashboard(books, session),
  'refund-part': (books, session, fields) => refundAtDashboard(books, session, wholeNumber(fields.get('amount_minor'))),
  'fail-refund': (books, _session, fields) => changeRefund(books, fields.get('id') ?? '', 'failed'),
  inquiry: (books, session) => openDispute(books, session, { status: 'inquiry' }),
  dispute: (books, session) => openDispute(books, session, { status: 'open' }),
  withdraw: (books, _session, fields) => settleDispute(books, fields.get('id') ?? '', 'open'),
  win: (books, _session, fields) => settleDispute(books, fields.get('id') ?? '', 'won'),
  lose: (books, _session, fields) => settleDispute(books, fields.get('id') ?? '', 'lost'),
};

function wholeNumber(text: string | null): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new Problem(400, 'invalid_request_error', 'amount_minor must be a whole number above zero.');
}

/** Does what the form field `dashboard` says, in one transaction. Returns the session. @throws Problem */
export function actAtDashboard(books: Books, id: string, fields: URLSearchParams): SessionRow {
  const act = acts[fields.get('dashboard') ?? ''];
  if (!act)
    throw new Problem(400, 'invalid_request_error', `dashboard must be one of ${Object.keys(acts).join(', ')}.`);
  return books.store.transaction(() => {
    act(books, requireSession(books.store, id), fields);
    return requireSession(books.store, id);
  });
}

/** The buttons of a payment that was made, with its refunds and disputes. Empty for any other session. */
export function renderDashboard(books: Books, session: SessionRow): string {
  if (session.status !== 'paid') return '';
  const { refunds, disputes } = presentSession(books, session);
  const money = (minor: number) => escapeHtml(formatMoney(minor, session.currency));
  const refundRows = refunds.map(
    ({ id, amount_minor, status }) =>
      `<li>Refund of ${money(amount_minor)}: ${status}${status === 'failed' ? '' : button('fail-refund', 'Send it back', id)}</li>`,
  );
  const disputeRows = disputes.map(
    ({ id, amount_minor, status }) =>
      `<li>Dispute of ${money(amount_minor)}: ${status}${disputeButtons(id, status)}</li>`,
  );
  const begin = disputes.length > 0 ? '' : button('inquiry', 'Ask as a bank') + button('dispute', 'Dispute');
  return `
    <section aria-labelledby="dashboard">
      <h2 id="dashboard">Dashboard of the gateway</h2>
      <p class="note">What a merchant or a bank can do without a request of the shop.</p>
      <ul>${refundRows.join('')}${disputeRows.join('')}</ul>
      ${button('refund', 'Refund all that is left')}
      <form method="post">
        <label>Amount in minor units of ${session.currency}
          <input name="amount_minor" type="number" min="1" max="${session.amount_minor}" value="${Math.ceil(session.amount_minor / 3)}"></label>
        <button class="decline" name="dashboard" value="refund-part">Refund a part</button>
      </form>
      ${begin}
    </section>`;
}

function disputeButtons(id: string, status: string): string {
  if (status === 'won' || status === 'lost') return '';
  const withdraw = status === 'inquiry' ? button('withdraw', 'Withdraw the money', id) : '';
  return withdraw + button('win', 'The shop wins', id) + button('lose', 'The shop loses', id);
}

const button = (act: string, label: string, id?: string): string => `
      <form method="post">${id === undefined ? '' : `<input type="hidden" name="id" value="${escapeHtml(id)}">`}
        <button class="decline" name="dashboard" value="${act}">${label}</button></form>`;
