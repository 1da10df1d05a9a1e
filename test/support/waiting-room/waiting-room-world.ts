import { closeDb, openDb } from '#db/client.ts';
import { encodeGlobalId } from '#domain/global-id-rules.ts';
import { type Fan, signInAsGuest } from '#test/fans/fan.ts';
import { post } from '#test/fans/graphql-http.ts';
import { WaitingRoomFan, type WaitingRoomFanOptions } from '#test/fans/waiting-room-fan.ts';
import { type SeedEventOptions, type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { type ProcessName, type SystemOptions, startSystem } from '#test/support/system/system.ts';
import { publishSeededRoom, type SeedRoomOptions, seedRoom } from './waiting-room.ts';

const everything: readonly ProcessName[] = ['gateway-sandbox', 'payments', 'relay', 'worker', 'api', 'api-2'];
const roomQuery = 'query ($id: ID!) { event(id: $id) { waitingRoom { state } } }';

type FanOptions = Pick<WaitingRoomFanOptions, 'address' | 'forwardedFor'> & {
  /** The api process of the fan, alternating between the two. */
  readonly at?: number;
  /** A signed-in viewer; default a new guest. */
  readonly by?: Fan;
};

/** The whole system with two api processes, and fans who go to waiting rooms. */
export async function openWaitingRoomWorld(options: SystemOptions = {}) {
  const system = await startSystem({ processes: everything, ...options, env: { LOG_LEVEL: 'warn', ...options.env } });
  const db = openDb({ url: system.bookingUrl, poolMax: 4, name: 'test' });
  const apiUrls = [system.apiUrl, system.secondApiUrl];
  const fans: WaitingRoomFan[] = [];

  /** Both processes receive it by themselves. */
  const isKnown = async (event: SeededEvent): Promise<void> => {
    const body = { query: roomQuery, variables: { id: encodeGlobalId('Event', event.eventId) } };
    const knows = async (apiUrl: string) => Boolean((await post(apiUrl, body)).data?.event?.waitingRoom);
    while (!(await Promise.all(apiUrls.map(knows))).every(Boolean)) await new Promise((wait) => setTimeout(wait, 50));
  };
  const fan = async (event: SeededEvent, { at = 0, by, ...from }: FanOptions = {}) => {
    const apiUrl = apiUrls[at % 2] ?? '';
    const viewer = by ?? (await signInAsGuest(apiUrl));
    const made = new WaitingRoomFan({ apiUrl, fan: viewer, eventId: event.eventId, ...from });
    fans.push(made);
    return made;
  };

  return {
    system,
    db,
    apiUrls,
    isKnown,
    /** An event with a waiting room, which the processes know. */
    async room(room: SeedRoomOptions, event: Partial<SeedEventOptions> = {}): Promise<SeededEvent> {
      const seeded = await seedEvent(db, { seats: 100, ...event });
      await seedRoom(db, seeded.eventId, room);
      await publishSeededRoom(db, system.redisUrl, seeded.eventId);
      await isKnown(seeded);
      return seeded;
    },
    /** A viewer who has not joined yet. */
    fan,
    /** A fan who joined, heard of the turn and went in. */
    async insider(event: SeededEvent, options: FanOptions = {}): Promise<WaitingRoomFan> {
      const made = await fan(event, options);
      await made.join();
      await made.watch();
      await made.when('YOUR_TURN');
      await made.seatMap();
      await made.when('INSIDE');
      return made;
    },
    async close(): Promise<void> {
      await Promise.all(fans.map((one) => one.close()));
      await closeDb(db);
      await system.stop();
    },
  };
}
