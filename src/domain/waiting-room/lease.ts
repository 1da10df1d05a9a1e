import { randomUUID } from 'node:crypto';
import type { Db } from '#db/client.ts';
import { prepared } from '#db/prepared.ts';

/** How long the work stops when its holder dies. The default for `seconds`. */
const TIME_TO_LIVE_SECONDS = 3;

export type Lease = {
  /**
   * Takes the lease, or extends it for the same time. Returns the fence, which is higher for each new holder, or
   * undefined while another process has the lease. A holder that waited for a lock or the network may have lost it
   * since, so each write with a fence must check `fence <= mine`.
   */
  take(): Promise<number | undefined>;
  /** Gives the lease back, so that another process can have it at once. */
  release(): Promise<void>;
};

/** For work that one process does at a time. Open one per process. */
export function openLease({ db, name, seconds }: { db: Db; name: string; seconds?: number }): Lease {
  const holder = randomUUID();
  let mayHold = false;
  return {
    async take() {
      mayHold = true;
      const [row] = await prepared<{ fence: number }>(db, TAKE, [name, holder, seconds ?? TIME_TO_LIVE_SECONDS]);
      return row?.fence;
    },
    async release() {
      if (mayHold) await prepared(db, RELEASE, [name, holder]);
    },
  };
}

const TAKE = `
  insert into leases as l (name, holder, expires_at) values ($1, $2, clock_timestamp() + make_interval(secs => $3))
  on conflict (name) do update set holder = excluded.holder, expires_at = excluded.expires_at,
    fence = l.fence + case when l.holder = excluded.holder then 0 else 1 end
  where l.holder = excluded.holder or l.expires_at < clock_timestamp()
  returning fence::float8 as fence`;

const RELEASE = `update leases set expires_at = '-infinity' where name = $1 and holder = $2`;
