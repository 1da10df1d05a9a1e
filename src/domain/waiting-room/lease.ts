import { randomUUID } from 'node:crypto';
import type { Db } from '#db/client.ts';
import { prepared } from '#db/prepared.ts';

/** How long the work stands still when its holder dies, unless it says otherwise. */
const TIME_TO_LIVE_SECONDS = 3;

export type Lease = {
  /**
   * Takes the lease or keeps it for as long again. Answers the fence, which is higher for each new holder, or
   * undefined while another process has it. Whoever had to wait for a lock or a network may have lost it since: what is
   * written with a fence says `fence <= mine`.
   */
  take(): Promise<number | undefined>;
  /** Gives it back, so that another process can have it at once. */
  release(): Promise<void>;
};

/** Work that one process does at a time. Open one per process. */
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
