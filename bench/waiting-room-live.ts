import { figure } from '#test/support/system/figures.ts';
import { runLive, sizeOf } from '#test/support/waiting-room/run-live.ts';
import type { BenchOptions, Report } from './support/report.ts';

/** The whole product with a waiting room full of fans, while every part fails in turn. */
export async function benchWaitingRoomLive({ quick, fans }: BenchOptions): Promise<Report> {
  const size = sizeOf(fans ?? (quick ? 1000 : 20_000));
  const { rows, faults, violations } = await runLive(size, (line) => console.log(line));
  return {
    question: `What do ${figure(size.fans)} waiting fans cost, and does a waiting room keep its promises when parts fail?`,
    tables: [
      { title: 'Waiting', head: ['', 'WebSocket', `a poll every ${size.pollEveryMs / 1000} s`], rows: [...rows] },
      {
        title: 'Faults, while fans come and go',
        head: ['what', 'effect'],
        rows: faults.map(({ what, effect }) => [what, effect]),
      },
    ],
    goals: [],
    violations,
    notes: [
      'Two api processes with all limits, one worker, PostgreSQL and Redis, and the fans in two processes: all on this machine.',
      `Of the fans whose turn comes, ${100 * size.behaviour.showUp} % go in within ${size.behaviour.arriveWithinMs / 1000} s, stay ${size.behaviour.stayMs.least / 1000} to ${size.behaviour.stayMs.most / 1000} s and leave, or (${100 * size.behaviour.silent} %) go silent.`,
      'CPU per fan and minute: both api processes, worker, PostgreSQL and Redis together. The delay of a push: from the time that the step of the watermark has in PostgreSQL to its arrival at the client.',
      'At the end SQL replayed every entry (the invariants, and fans who came first, too late or twice), and each fan’s last frame from the api was compared with PostgreSQL and the draw, computed again.',
    ],
    packages: ['graphql', 'ws', 'postgres', 'ioredis'],
    servers: [],
  };
}
