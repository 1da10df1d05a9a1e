import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { exportPlan } from '#domain/catalog/export-plan.ts';
import { type DomainError, NotFound, TryAgain } from '#domain/errors.ts';
import { authenticate } from '#graphql/caller.ts';
import type { Resources } from '#schema/context.ts';
import { answerProblem, answerText } from './answer.ts';
import type { Exchange } from './exchange.ts';
import { acceptsGzip } from './layouts.ts';

const gunzipAsync = promisify(gunzip);

export type ExportNeeds = Parameters<typeof exportPlan>[0] & Pick<Resources, 'tokens' | 'endedSessions' | 'accessKeys'>;

const types = { json: 'application/json; charset=utf-8', csv: 'text/csv; charset=utf-8' } as const;

/** `/seating-plans/<id>.json` and `.csv`: the files of a plan, for members of its organization. */
export async function answerPlanExport(needs: ExportNeeds, exchange: Exchange): Promise<void> {
  const { request, response, url, headers } = exchange;
  if (request.method === 'OPTIONS') return void response.writeHead(204, headers).end();
  const identity = await authenticate(needs, request.headers.authorization);
  const actor = identity.refusal ? undefined : (identity.viewer ?? identity.accessKey);
  if (!actor) return refuse(exchange, 401, { code: 'UNAUTHENTICATED', message: 'Send the access token of a member.' });
  const [, planId = '', extension = ''] = /^\/seating-plans\/([0-9a-f-]{36})\.(json|csv)$/.exec(url.pathname) ?? [];
  try {
    const format = extension === 'csv' ? 'CSV' : 'FRONTROW';
    const { gzip, hash } = await exportPlan(needs, actor, { planId, format });
    const own = {
      ...headers,
      'content-type': types[extension as keyof typeof types],
      'content-disposition': `attachment; filename="${hash}.${extension}"`,
      vary: 'accept-encoding, authorization, origin',
    };
    const isZipped = acceptsGzip(request.headers['accept-encoding']);
    const body = isZipped ? Buffer.from(gzip) : await gunzipAsync(gzip);
    answerText(response, 200, body, { ...own, ...(isZipped && { 'content-encoding': 'gzip' }) });
  } catch (error) {
    if (error instanceof NotFound) return refuse(exchange, 404, { code: 'NOT_FOUND', message: error.message });
    if (error instanceof TryAgain) return refuse(exchange, 503, error, { 'retry-after': retryOf(error) });
    throw error;
  }
}

const retryOf = ({ retry }: DomainError): number => ('afterSeconds' in retry ? (retry.afterSeconds ?? 1) : 1);

function refuse(
  { response, requestId, headers }: Exchange,
  status: number,
  { code, message }: { readonly code: string; readonly message: string },
  more: Record<string, number> = {},
): void {
  answerProblem(response, status, { code, message, requestId }, { ...headers, ...more });
}
