import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { SeatingPlanCache } from '#domain/catalog/seating-plan-cache.ts';
import { answerProblem, answerText } from './answer.ts';
import type { Exchange } from './exchange.ts';

const gunzipAsync = promisify(gunzip);

/** `/layouts/<hash>.json`: named by its content, so any cache may keep it forever and any page may read it. */
export async function answerLayout({ plans }: { plans: SeatingPlanCache }, exchange: Exchange): Promise<void> {
  const { request, response, url, requestId } = exchange;
  const hash = /^\/layouts\/([0-9a-f]{32})\.json$/.exec(url.pathname)?.[1];
  const layout = hash && (await plans.layoutByHash(hash));
  if (!layout)
    return answerProblem(
      response,
      404,
      { code: 'BAD_REQUEST', message: 'There is no such layout.', requestId },
      exchange.headers,
    );
  const headers = {
    ...exchange.headers,
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'public, max-age=31536000, immutable',
    etag: `"${hash}"`,
    vary: 'accept-encoding',
    'access-control-allow-origin': '*',
    'cross-origin-resource-policy': 'cross-origin',
  };
  if (request.headers['if-none-match']?.includes(`"${hash}"`)) {
    response.writeHead(304, headers).end();
  } else if (acceptsGzip(request.headers['accept-encoding'])) {
    answerText(response, 200, layout.gzip, { ...headers, 'content-encoding': 'gzip' });
  } else {
    answerText(response, 200, await gunzipAsync(layout.gzip), headers);
  }
}

export const acceptsGzip = (acceptEncoding: string | string[] | undefined): boolean =>
  /(^|,)\s*(gzip|\*)\s*(?!;\s*q=0(\.0*)?\s*(,|$))(;|,|$)/i.test(String(acceptEncoding ?? ''));
