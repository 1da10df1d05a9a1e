import { Pool } from 'undici';
import { SearchUnavailable } from './event-search.ts';

/** The status of a node that catches up with the others, or has no leader. */
const NOT_READY = 503;

type Answer = { readonly status: number; readonly text: string };

/**
 * The nodes of one Typesense. One of them is asked until it fails, then the next one, within the same search: a node
 * that died refuses at once. A node that does not answer costs its search, and the following searches go to another
 * node.
 */
export function openNodes(urls: readonly URL[], options: Pool.Options) {
  const pools = urls.map((url) => new Pool(url.origin, options));
  // Each process begins with a random node.
  let current = Math.floor(Math.random() * pools.length);

  const askOne = async (request: (pool: Pool) => Promise<Answer>): Promise<Answer> => {
    const pool = pools[current];
    if (!pool) throw new SearchUnavailable('There is no Typesense');
    const asked = current;
    const moveOn = () => {
      // Searches that fail together move to the next node together.
      if (current === asked) current = (asked + 1) % pools.length;
    };
    try {
      const answer = await request(pool);
      if (answer.status === NOT_READY) moveOn();
      return answer;
    } catch (error) {
      moveOn();
      throw new SearchUnavailable('Typesense is away', { cause: error });
    }
  };

  return {
    /** @throws SearchUnavailable when no node answers within the request's time limit */
    async ask(request: (pool: Pool) => Promise<Answer>): Promise<Answer> {
      for (let left = pools.length - 1; ; left--) {
        try {
          const answer = await askOne(request);
          if (answer.status !== NOT_READY || left === 0) return answer;
        } catch (error) {
          if (left === 0) throw error;
        }
      }
    },
    close: async (): Promise<void> => {
      await Promise.all(pools.map((pool) => pool.destroy()));
    },
  };
}
