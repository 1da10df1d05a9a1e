import { formatMoney } from '#domain/currency-rules.ts';
import type { SessionRow } from './sessions.ts';

/** The page on which the fan pays or declines. It works without its script, which only counts the time down. */
export function renderPayPage(session: SessionRow, nonce: string): string {
  const total = formatMoney(session.amount_minor, session.currency);
  return layout({
    title: `Pay ${total}`,
    nonce,
    content: `
    <p class="eyebrow">You are paying for</p>
    <h1>${escapeHtml(session.description)}</h1>
    ${renderLines(session)}
    ${renderTime(session, Date.now())}
    <form method="post">
      <button class="pay" name="outcome" value="pay">Pay ${escapeHtml(total)}</button>
      <button class="decline" name="outcome" value="decline">Decline</button>
    </form>
    <p class="note">Declining gives the seats back. No real money moves in the sandbox.</p>
    <script nonce="${nonce}">${countDown}</script>`,
  });
}

const results: Record<SessionRow['status'], { title: string; text: string }> = {
  open: { title: 'Not decided yet', text: 'Nothing has been paid.' },
  paid: { title: 'Payment received', text: 'The shop was notified, and your tickets are on their way.' },
  declined: { title: 'Payment declined', text: 'Nothing was taken. The seats are free for others again.' },
  expired: { title: 'This payment has expired', text: 'Nothing was taken. Go back to the shop to choose seats again.' },
};

/** Shows the outcome of the session, decided by the fan or by time. @param more HTML below it */
export function renderResultPage(session: SessionRow, nonce: string, more: string): string {
  const { title, text } = results[session.status];
  const back = session.success_url
    ? `<p><a class="pay" href="${escapeHtml(session.success_url)}">Back to the shop</a></p>`
    : '';
  return layout({
    title,
    nonce,
    content: `
    <p class="eyebrow">${escapeHtml(session.description)}</p>
    <h1 class="${session.status}">${title}</h1>
    <p role="status">${text}</p>
    ${renderLines(session)}
    ${back}
    ${more}`,
  });
}

/** A page with one sentence, for example that there is no such session. */
export function renderMessagePage(title: string, nonce: string): string {
  return layout({ title, nonce, content: `<h1>${escapeHtml(title)}</h1>` });
}

function renderLines(session: SessionRow): string {
  const rows = session.lines.map(
    (line) =>
      `<tr><th scope="row">${escapeHtml(line.label)}</th><td>${escapeHtml(formatMoney(line.amount_minor, session.currency))}</td></tr>`,
  );
  return `<table>
      <caption>What it is made of</caption>
      <tbody>${rows.join('')}</tbody>
      <tfoot><tr><th scope="row">Total</th><td>${escapeHtml(formatMoney(session.amount_minor, session.currency))}</td></tr></tfoot>
    </table>`;
}

const HOLD_HAS_ENDED =
  'The hold has ended. You can still pay: you get these seats if they are still free, or your money back.';

/** A session may stay open for longer than the seats are held. The page shows the time of the seats to the fan. */
function renderTime(session: SessionRow, now: number): string {
  const sessionMs = session.expires_at - now;
  const leftMs = session.held_until === null ? sessionMs : session.held_until - now;
  const label = session.held_until === null ? 'Time left:' : 'Seats held for';
  const counting = `<p class="time" id="counting">${label} <time id="left" role="timer" datetime="${new Date(now + leftMs).toISOString()}">${timeLeft(leftMs)}</time></p>`;
  const data = `data-left="${leftMs}" data-session="${sessionMs}"`;
  return `<div id="times" ${data}>
      ${leftMs > 0 ? counting : ''}
      <p role="status" id="ended"${leftMs > 0 ? ' hidden' : ''}>${HOLD_HAS_ENDED}</p>
    </div>`;
}

function timeLeft(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

export function escapeHtml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '');
}

/**
 * Counts down from the remaining time that the server sent, because a browser whose clock is ahead would reload for
 * ever. Reloads the page when the session ends, and soon after the end of the hold, when the shop may have ended the
 * session.
 */
const countDown = `
const { left, session } = document.getElementById('times').dataset;
const start = performance.now();
const tick = () => {
  const s = Math.max(0, Math.ceil((start + Number(left) - performance.now()) / 1000));
  document.getElementById('left').textContent = Math.floor(s / 60) + ':' + String(s % 60).padStart(2, '0');
  if (s > 0) return setTimeout(tick, 1000);
  document.getElementById('counting').hidden = true;
  document.getElementById('ended').hidden = false;
};
const reloadIn = (ms) => setTimeout(() => location.reload(), ms);
if (Number(left) > 0) {
  tick();
  reloadIn(Math.min(Number(left) + 5000, Number(session)));
} else reloadIn(Number(session));`;

const style = `
:root { color-scheme: light dark; --ink: #1b1f2a; --soft: #5b6375; --paper: #fff; --wash: #eef1f7; --line: #dfe3ec; --go: #1a5cd6; }
@media (prefers-color-scheme: dark) { :root { --ink: #eef1f7; --soft: #a7b0c2; --paper: #1a1f2b; --wash: #10141d; --line: #313a4c; --go: #3d7bf0; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--wash); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { width: 100%; max-width: 30rem; background: var(--paper); border: 1px solid var(--line); border-radius: 1rem; padding: 2rem; box-shadow: 0 1rem 3rem rgb(0 0 0 / .08); }
.eyebrow, .note, caption { color: var(--soft); margin: 0; font-size: .9rem; }
h1 { margin: .25rem 0 1.25rem; font-size: 1.5rem; line-height: 1.25; overflow-wrap: anywhere; }
table { width: 100%; border-collapse: collapse; margin-bottom: 1rem; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
th { text-align: left; font-weight: 400; } td { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
th, td { padding: .5rem 0; border-bottom: 1px solid var(--line); }
tfoot th, tfoot td { font-weight: 700; font-size: 1.15rem; border: 0; }
.time { font-variant-numeric: tabular-nums; } time { font-weight: 700; }
input { display: block; width: 100%; margin: .25rem 0; padding: .6rem; font: inherit; } h2 { font-size: 1.15rem; margin: 2rem 0 .25rem; } ul { padding-left: 1.25rem; }
form { display: grid; gap: .75rem; margin: 1rem 0; }
button, a.pay { display: block; width: 100%; padding: .8rem 1rem; border-radius: .6rem; border: 1px solid transparent; font: inherit; font-weight: 600; text-align: center; text-decoration: none; cursor: pointer; }
.pay { background: var(--go); color: #fff; } .decline { background: transparent; color: var(--ink); border-color: var(--line); }
button:focus-visible, a:focus-visible { outline: 3px solid var(--go); outline-offset: 2px; }
.mail { white-space: pre-wrap; overflow-wrap: anywhere; }
.sandbox { margin: 0 0 1.25rem; font-size: .8rem; letter-spacing: .08em; text-transform: uppercase; color: var(--soft); }`;

export function layout({ title, nonce, content }: { title: string; nonce: string; content: string }): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${escapeHtml(title)} · Sandbox gateway</title>
    <style nonce="${nonce}">${style}</style>
  </head>
  <body>
    <main>
    <p class="sandbox">Sandbox gateway</p>
    ${content}
    </main>
  </body>
</html>
`;
}
