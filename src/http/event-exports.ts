import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { NotFound, TryAgain } from '#domain/errors.ts';
import type { EventExports } from '#domain/exports/event-exports.ts';
import { answerProblem } from './answer.ts';
import type { Exchange } from './exchange.ts';

export type EventExportNeeds = { readonly eventExports: EventExports };

/** `/exports/<token>.csv`: a file of bookings or tickets, streamed. The token in the path is the right to read it. */
export async function answerEventExport(
  { eventExports }: EventExportNeeds,
  { request, response, url, requestId, headers }: Exchange,
): Promise<void> {
  const refuse = (status: number, code: string, message: string, more: Record<string, number> = {}) =>
    answerProblem(response, status, { code, message, requestId }, { ...headers, ...more });
  if (request.method !== 'GET') return refuse(405, 'BAD_REQUEST', 'Send a GET.');
  const [, token = ''] = /^\/exports\/([\w.-]{1,300})\.csv$/.exec(url.pathname) ?? [];
  try {
    const { name, chunks } = await eventExports.open(token);
    response.writeHead(200, {
      ...headers,
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': `attachment; filename="${name}"`,
      'cache-control': 'no-store',
    });
    // Reads the next page when the client has taken the one before, and ends the reading when the client goes away.
    await pipeline(Readable.from(chunks), response);
  } catch (error) {
    // The client sees that the file is not complete.
    if (response.headersSent) return void response.destroy();
    if (error instanceof NotFound) return refuse(404, 'NOT_FOUND', 'There is no such export, or its link has expired.');
    if (error instanceof TryAgain) return refuse(503, error.code, error.message, { 'retry-after': 5 });
    throw error;
  }
}
