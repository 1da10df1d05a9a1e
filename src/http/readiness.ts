import { hash, timingSafeEqual } from 'node:crypto';
import type { Incoming } from '#listener/http-listener.ts';
import type { ReadinessReport } from '#observability/dependencies.ts';

export type ReadinessNeeds = {
  readiness: () => Promise<ReadinessReport>;
  /** A caller who sends it gets the reasons. Without a token in the settings only the metrics listener shows them. */
  readyToken?: string | undefined;
};

const HINT = 'The metrics listener shows the details; so does this address with `Authorization: Bearer <READY_TOKEN>`.';

/** The answer to `/ready` on a listener that the public reaches; with `?verbose` and the token also why. */
export async function readReadiness(
  { readiness, readyToken }: ReadinessNeeds,
  { request, url }: Pick<Incoming, 'request' | 'url'>,
): Promise<{ status: number; body: object }> {
  const { isReady, details } = await readiness();
  const summary = { status: isReady ? 'ready' : 'not ready' };
  const status = isReady ? 200 : 503;
  if (!url.searchParams.has('verbose')) return { status, body: summary };
  const mayKnow = readyToken !== undefined && isEqual(request.headers.authorization, `Bearer ${readyToken}`);
  return { status, body: { ...summary, ...(mayKnow ? details : { hint: HINT }) } };
}

/** In a time that says nothing about where the texts differ. */
const isEqual = (given: string | undefined, wanted: string): boolean =>
  timingSafeEqual(hash('sha256', given ?? '', 'buffer'), hash('sha256', wanted, 'buffer'));
