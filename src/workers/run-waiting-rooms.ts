import type { RoomController } from '#domain/waiting-room/run-rooms.ts';
import { type TimedWorker, worker } from './run-worker.ts';

type Needs = { roomController: RoomController };

const EVERY_MS = 1000;
const IDLE_MS = 10_000;

/**
 * Opens and draws waiting rooms, admits fans, and ends sessions without activity: in one process at a time, every
 * second while a fan waits or is inside.
 */
export const runWaitingRooms = worker<Needs, TimedWorker<Needs>>({
  name: 'run-waiting-rooms',
  everyMs: IDLE_MS,
  wakesAfterMs: EVERY_MS,
  onWake: ({ roomController }, wake) => roomController.onWake(wake),
  run: async ({ roomController }) => {
    const startedMs = performance.now();
    const idleMs = await roomController.run();
    return { nextInMs: Math.max(idleMs, EVERY_MS - (performance.now() - startedMs)) };
  },
});
