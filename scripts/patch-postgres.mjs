// Patches the installed postgres.js 3.4.9 after `npm ci`. As published, a connection that ends at the wrong moment, or a
// network that drops packets, kills the process or leaves a statement waiting for ever. The failures seen, and why the
// patch is here: docs/decisions/0001-postgres-js-is-mended.md. Exits with 1 when the installed text is not the expected.
import { readFileSync, writeFileSync } from 'node:fs';

const patches = {
  'src/connection.js': [
    // A write to a closed socket threw out of a timer, where no caller can catch it.
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
    // A cleared timer kept its handle, so it was never set again and the connection sent nothing any more.
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
    // Statements under way survived a reconnect, and took the answer to the first statement after it.
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
    // A statement for a closed connection gets an error, and the connection stays where the pool finds it.
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
    // The connection reads the types for itself. A failure is ignored here; waiting statements reconnect anyway.
    ['return fetchArrayTypes()\n', 'return fetchArrayTypes().catch(() => {})\n'],
    // The settings in `session` are set once the connection is open, because poolers refuse them as start-up parameters.
    // A connection is not used before it has them.
    [
      `    onparameter,
    max_pipeline,`,
      `    onparameter,
    session,
    max_pipeline,`,
    ],
    [
      `    , needsTypes = options.fetch_types
    , backendParameters`,
      `    , needsTypes = options.fetch_types
    , needsSession = !!session
    , backendParameters`,
    ],
    [
      `      needsTypes = options.fetch_types
      statementId`,
      `      needsTypes = options.fetch_types
      needsSession = !!session
      statementId`,
    ],
    [
      `      if (needsTypes) {
        initial.reserve`,
      `      if (needsSession) {
        needsSession = false
        return new Query([session], [], execute, null, { simple: true }).catch(() => terminate())
      }

      if (needsTypes) {
        initial.reserve`,
    ],
    // A server without TLS was sent a TLS handshake all the same, and only the closed connection was reported.
    [
      `        return connected()
    }

    const options = {`,
      `        return connected()

      if (!canSSL) {
        errored(Object.assign(new Error('The server does not speak TLS.'), { code: 'ERR_TLS_NOT_OFFERED' }))
        return socket.destroy()
      }
    }

    const options = {`,
    ],
    // With a server address that is an IP address, the certificate was compared with the name localhost.
    [
      `      socket,
      servername: net.isIP`,
      `      socket,
      host: socket.host,
      servername: net.isIP`,
    ],
    // When a server vanished silently, statements waited a quarter of an hour, until TCP gave up. Now the connection
    // ends after `answer_timeout` seconds without a byte while an answer is due.
    [
      `    max_pipeline,
    keep_alive,`,
      `    max_pipeline,
    answer_timeout,
    keep_alive,`,
    ],
    [
      `    , nextWriteTimer = null
    , terminated`,
      `    , nextWriteTimer = null
    , answerTimer = null
    , isSuspended = false
    , isOpened = false
    , terminated`,
    ],
    [
      `    const x = socket.write(chunk, fn)
    nextWriteTimer !== null`,
      `    const x = socket.write(chunk, fn)
    answerTimer === null && awaitAnswer()
    nextWriteTimer !== null`,
    ],
    [
      `  function connectTimedOut() {`,
      `  function awaitAnswer() {
    clearTimeout(answerTimer)
    answerTimer = answer_timeout && !stream && !isSuspended && (initial || query || sent.length)
      ? setTimeout(unanswered, answer_timeout * 1000)
      : null
  }

  function unanswered() {
    answerTimer = null
    initial && errored(Errors.connection('CONNECT_TIMEOUT', options, socket))
    socket.destroy()
  }

  function connectTimedOut() {`,
    ],
    [
      `  function data(x) {
    if (incomings) {
      incomings.push(x)
      remaining -= x.length
      if (remaining > 0)
        return
    }
`,
      `  function data(x) {
    if (incomings) {
      incomings.push(x)
      remaining -= x.length
      if (remaining > 0)
        return awaitAnswer()
    }
`,
    ],
    [
      `      incoming = incoming.subarray(length + 1)
      remaining = 0
      incomings = null
    }
  }
`,
      `      incoming = incoming.subarray(length + 1)
      remaining = 0
      incomings = null
    }
    awaitAnswer()
  }
`,
    ],
    // No answer is due while the reader of a cursor has not asked for the next rows.
    [
      `    try {
      const x = await Promise.resolve(query.cursorFn(result))
      rows = 0`,
      `    try {
      isSuspended = true
      const x = await Promise.resolve(query.cursorFn(result))
      isSuspended = false
      rows = 0`,
    ],
    // The timer also ran while a connection was being closed, and kept the process alive.
    [
      `      socket.readyState === 'open' && socket.end(b().X().end())
    }`,
      `      socket.readyState === 'open' && socket.end(b().X().end())
      setTimeout(x => x.destroy(), 1000, socket).unref()
    }`,
    ],
    [
      `    idleTimer.cancel()
    lifeTimer.cancel()
    connectTimer.cancel()

    socket`,
      `    idleTimer.cancel()
    lifeTimer.cancel()
    connectTimer.cancel()
    clearTimeout(answerTimer)
    answerTimer = null

    socket`,
    ],
    // When a connection cannot be opened, all waiting statements fail at once, instead of one for each attempt.
    [
      `    terminated = false
    backendParameters = {}`,
      `    terminated = isOpened = isSuspended = false
    backendParameters = {}`,
    ],
    [
      `    connectTimer.cancel()

    if (initial) {`,
      `    connectTimer.cancel()
    isOpened = true

    if (initial) {`,
    ],
    [
      `    onclose(connection, Errors.connection('CONNECTION_CLOSED', options, socket))
  }`,
      `    onclose(connection, Errors.connection('CONNECTION_CLOSED', options, socket), !isOpened)
  }`,
    ],
  ],
  'src/index.js': [
    // A transaction that had lost its connection sent its next statement over the reopened one, amid those of others.
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
    [
      `  function onclose(c, e) {
    move(c, closed)`,
      `  function onclose(c, e, isRefused) {
    move(c, closed)
    if (isRefused && open.length + busy.length + full.length + reserved.length === 0)
      while (queries.length) queries.shift().reject(e)`,
    ],
    [
      `'max_pipeline', 'backoff', 'keep_alive']`,
      `'max_pipeline', 'backoff', 'keep_alive', 'answer_timeout', 'max_waiting']`,
    ],
    [
      `    max_pipeline    : 100,
`,
      `    max_pipeline    : 100,
    answer_timeout  : 15,
    max_waiting     : 5000,
`,
    ],
    // The queue for a connection had no bound: a flood of statements on a slow server used up the memory.
    [
      `    busy.length
      ? go(busy.shift(), query)
      : queries.push(query)`,
      `    if (busy.length)
      return go(busy.shift(), query)

    queries.length < options.max_waiting
      ? queries.push(query)
      : query.reject(Errors.generic('TOO_MANY_WAITING', 'Too many statements wait for a connection'))`,
    ],
    [
      `    onparameter     : o.onparameter,
`,
      `    onparameter     : o.onparameter,
    session         : o.session,
`,
    ],
    // After ten seconds of outage, the next attempt came up to twenty seconds later.
    ['Math.min(3 ** retries / 100, 20)', 'Math.min(3 ** retries / 100, 0.5)'],
  ],
};

for (const [file, changes] of Object.entries(patches)) {
  const path = new URL(`../node_modules/postgres/${file}`, import.meta.url);
  const before = readFileSync(path, 'utf8');
  let text = before;
  for (const [old, patched] of changes) {
    if (text.includes(patched)) continue;
    if (text.split(old).length !== 2) {
      console.error(`scripts/patch-postgres.mjs does not fit postgres/${file}: was its version changed?`);
      process.exit(1);
    }
    text = text.replace(old, () => patched);
  }
  if (text !== before) writeFileSync(path, text);
}
