// Mends the installed postgres.js 3.4.9 after `npm ci`: as published, a connection that ends at the wrong moment kills
// the process or leaves a statement waiting for ever. What was seen, and why it is done here:
// docs/decisions/0001-postgres-js-is-mended.md. A text that it does not know is refused.
import { readFileSync, writeFileSync } from 'node:fs';

const mends = {
  'src/connection.js': [
    // A write to a socket that is gone threw out of a timer, which nothing can catch.
    [
      `  function nextWrite(fn) {
    const x = socket.write(chunk, fn)`,
      `  function nextWrite(fn) {
    if (socket === null) {
      chunk = nextWriteTimer = null
      error(Errors.connection('CONNECTION_CLOSED', options))
      query = null
      return false
    }
    const x = socket.write(chunk, fn)`,
    ],
    // A timer that was cleared but not forgotten was never set again: nothing was sent any more.
    [
      `    clearImmediate(nextWriteTimer)
    if (socket) {`,
      `    clearImmediate(nextWriteTimer)
    chunk = nextWriteTimer = null
    if (socket) {`,
    ],
    [
      `    clearImmediate(nextWriteTimer)
    socket.removeListener('data', data)`,
      `    clearImmediate(nextWriteTimer)
    chunk = nextWriteTimer = null
    socket.removeListener('data', data)`,
    ],
    // What was under way went along into the connection's next life and swallowed the next statement's answer.
    [
      `    if (initial)
      return reconnect()

    !hadError && (query || sent.length) && error(Errors.connection('CONNECTION_CLOSED', options, socket))
`,
      `    !initial && (query || sent.length) && error(Errors.connection('CONNECTION_CLOSED', options, socket))
    query = results = errorResponse = null
    result = new Result()

    if (initial)
      return reconnect()

`,
    ],
    // A statement for a connection that has ended is answered, and the connection stays where the pool finds it.
    [
      `    if (stream)
      return queryError(q, Errors.generic('COPY_IN_PROGRESS'`,
      `    if (socket === null) {
      queryError(q, Errors.connection('CONNECTION_CLOSED', options))
      return true
    }

    if (stream)
      return queryError(q, Errors.generic('COPY_IN_PROGRESS'`,
    ],
    // The types are read on the connection's own behalf: nobody hears of a failure, and who waits reconnects.
    ['return fetchArrayTypes()\n', 'return fetchArrayTypes().catch(() => {})\n'],
  ],
  'src/index.js': [
    // A transaction whose connection was lost sent its next statement into whatever runs on that connection by then.
    [
      `new Promise((_, reject) => connection.onclose = reject)`,
      `new Promise((_, reject) => connection.onclose = e => { lost = e; reject(e) })`,
    ],
    [
      `      , connection
      , prepare = null
`,
      `      , connection
      , lost = null
      , prepare = null
`,
    ],
    [
      `        q.catch(e => uncaughtError || (uncaughtError = e))
        c.queue === full`,
      `        q.catch(e => uncaughtError || (uncaughtError = e))
        if (lost)
          return q.reject(lost)
        c.queue === full`,
    ],
  ],
};

for (const [file, changes] of Object.entries(mends)) {
  const path = new URL(`../node_modules/postgres/${file}`, import.meta.url);
  const before = readFileSync(path, 'utf8');
  let text = before;
  for (const [old, mended] of changes) {
    if (text.includes(mended)) continue;
    if (text.split(old).length !== 2) {
      console.error(`scripts/patch-postgres.mjs does not fit postgres/${file}: was its version changed?`);
      process.exit(1);
    }
    text = text.replace(old, () => mended);
  }
  if (text !== before) writeFileSync(path, text);
}
