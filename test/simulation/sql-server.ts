import type { Chance } from './chance.ts';
import type { Plant } from './plants.ts';
import type { Actor, Scheduler } from './scheduler.ts';
import { type SqlEngine, type SqlResult, toPostgresError } from './sql-engine.ts';
import { atTimeOf, type World } from './virtual-runtime.ts';

/** The probability of a fault, per statement or commit. */
export type SqlFaults = {
  readonly lostRequest: number;
  readonly lostAnswer: number;
  readonly lostCommitAnswer: number;
  readonly serializationFailure: number;
  readonly lockTimeout: number;
};

export const NO_SQL_FAULTS: SqlFaults = {
  lostRequest: 0,
  lostAnswer: 0,
  lostCommitAnswer: 0,
  serializationFailure: 0,
  lockTimeout: 0,
};

export type SqlFaultKind =
  | 'sql request lost'
  | 'sql answer lost'
  | 'commit unknown'
  | 'commit refused'
  | 'lock timeout'
  | 'sql outage';

type Answered = (result: SqlResult | Error) => void;
type Job = {
  readonly session: SqlSession;
  readonly text: string;
  readonly params: readonly unknown[];
  answer: Answered;
};

/** One connection of one actor. It is broken after an answer was lost on it; its owner then opens another one. */
export class SqlSession {
  readonly actor: Actor;
  isBroken = false;
  /** The writes since BEGIN, or of the present statement. */
  hasWritten = false;
  /** Messages of a connection arrive in the order in which they were sent. */
  arrivesAtMs = 0;
  answersAtMs = 0;

  constructor(actor: Actor) {
    this.actor = actor;
  }
}

const connectionLost = (): Error => Object.assign(new Error('write CONNECTION_CLOSED'), { code: 'CONNECTION_CLOSED' });
const WRITES = /^\s*(with|insert|update|delete)\b/i;

type Needs = { world: World; scheduler: Scheduler; chance: Chance; engine: SqlEngine; plants: ReadonlySet<Plant> };

/**
 * A database as its clients see it: answers take time, connections break, a commit may succeed and its answer be
 * lost. There is one session, so transactions are carried out one after the other: a statement during another
 * transaction waits. That is one of the orders that PostgreSQL may choose; two open transactions at once are left
 * out.
 */
export class SqlServer {
  faults: SqlFaults = NO_SQL_FAULTS;
  /** Called at each commit that wrote something, before any other step. */
  onCommit: () => void = () => {};
  onFault: (kind: SqlFaultKind, actor: Actor) => void = () => {};
  statements = 0;
  readonly #needs: Needs;
  readonly #queue: Job[] = [];
  #onceBusy: ((owner: Actor) => void) | undefined;
  #owner: SqlSession | undefined;
  #isUp = true;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** Sends one statement on the connection. `answer` is called as the session's actor, unless that has died. */
  send(session: SqlSession, text: string, params: readonly unknown[], answer: Answered): void {
    const { scheduler } = this.#needs;
    session.arrivesAtMs = Math.max(session.arrivesAtMs, scheduler.nowMs + this.#latencyMs());
    const job = { session, text, params, answer };
    scheduler.after(session.arrivesAtMs - scheduler.nowMs, session.actor, () => this.#arrive(job));
  }

  /** A query from outside the simulated world. */
  look(text: string, params: readonly unknown[] = []): SqlResult {
    const { world, engine } = this.#needs;
    return atTimeOf(world, () => engine.query(text, params));
  }

  /** Whether a transaction is open, in which a query from outside would run. */
  get isBusy(): boolean {
    return this.#owner !== undefined;
  }

  /** Calls back, once, in the middle of an actor's next transaction, between two of its statements. */
  onceBusy(deed: (owner: Actor) => void): void {
    this.#onceBusy = deed;
  }

  stop(): void {
    this.#isUp = false;
    if (this.#owner) this.#abort(this.#owner);
    for (const job of this.#queue.splice(0)) this.#break(job);
  }

  start(): void {
    this.#isUp = true;
  }

  /** The connections of a dead actor: uncommitted work never happened. */
  forget(actor: Actor): void {
    const alive = this.#queue.filter((job) => job.session.actor !== actor);
    this.#queue.splice(0, this.#queue.length, ...alive);
    if (this.#owner?.actor === actor) this.#abort(this.#owner);
    this.#drain();
  }

  #arrive(job: Job): void {
    if (!this.#isUp || job.session.isBroken) {
      this.#break(job);
      return;
    }
    this.#queue.push(job);
    this.#drain();
  }

  #drain(): void {
    for (;;) {
      const index = this.#owner ? this.#queue.findIndex((job) => job.session === this.#owner) : 0;
      const [job] = index < 0 ? [] : this.#queue.splice(index, 1);
      if (!job) return;
      this.#run(job);
    }
  }

  #run(job: Job): void {
    const { session, text } = job;
    if (this.#happens(this.faults.lostRequest)) {
      this.onFault('sql request lost', session.actor);
      this.#abort(session);
      this.#break(job);
      return;
    }
    const outcome = this.#refuse(job) ?? this.#execute(job);
    if (text === 'begin') this.#owner = session;
    const isEnd = text === 'commit' || text === 'rollback';
    const isInside = this.#owner === session && !isEnd;
    if (isEnd) this.#owner = undefined;
    if (!isInside) this.#endOf(session, text !== 'rollback' && !(outcome instanceof Error));
    if (text !== 'rollback' && this.#losesAnswer(job, isInside)) return;
    this.#answer(job, outcome);
    if (isInside && session.hasWritten) this.#interrupt(session.actor);
  }

  #endOf(session: SqlSession, isCommitted: boolean): void {
    const hasWritten = session.hasWritten;
    session.hasWritten = false;
    if (hasWritten && isCommitted) this.onCommit();
  }

  #losesAnswer(job: Job, isInside: boolean): boolean {
    const isCommit = job.text === 'commit';
    if (!this.#happens(isCommit ? this.faults.lostCommitAnswer : this.faults.lostAnswer)) return false;
    this.onFault(isCommit ? 'commit unknown' : 'sql answer lost', job.session.actor);
    if (isInside) this.#abort(job.session);
    this.#break(job);
    return true;
  }

  #interrupt(owner: Actor): void {
    const deed = this.#onceBusy;
    this.#onceBusy = undefined;
    deed?.(owner);
  }

  #execute({ session, text, params }: Job): SqlResult | Error {
    this.statements += 1;
    if (WRITES.test(text)) session.hasWritten = true;
    try {
      const { world, engine, plants } = this.#needs;
      const isWrong = plants.has('the database has the clock of its clients');
      return atTimeOf(world, () => engine.query(text, params), isWrong ? session.actor.skewMs : 0);
    } catch (error) {
      return error as Error;
    }
  }

  #refuse({ session, text }: Job): Error | undefined {
    if (this.#owner !== session) return undefined;
    if (text === 'commit' && this.#happens(this.faults.serializationFailure)) {
      this.onFault('commit refused', session.actor);
      this.look('rollback');
      session.hasWritten = false;
      return toPostgresError({ message: 'could not serialize access', code: '40001' });
    }
    if (!/\bfor update\b/.test(text) || !this.#happens(this.faults.lockTimeout)) return undefined;
    this.onFault('lock timeout', session.actor);
    // The engine itself refuses, so that it refuses the rest of the transaction as well.
    return this.#execute({ session, text: LOCK_TIMEOUT, params: [], answer: () => {} }) as Error;
  }

  #abort(session: SqlSession): void {
    session.isBroken = true;
    session.hasWritten = false;
    if (this.#owner !== session) return;
    this.look(this.#needs.plants.has('torn transactions') ? 'commit' : 'rollback');
    this.#owner = undefined;
  }

  #break(job: Job): void {
    job.session.isBroken = true;
    this.#answer(job, connectionLost());
  }

  #answer({ session, answer }: Job, outcome: SqlResult | Error): void {
    const { scheduler } = this.#needs;
    session.answersAtMs = Math.max(session.answersAtMs, scheduler.nowMs + this.#latencyMs());
    scheduler.after(session.answersAtMs - scheduler.nowMs, session.actor, () => answer(outcome));
  }

  #happens(probability: number): boolean {
    return probability > 0 && this.#needs.chance.happens(probability);
  }

  #latencyMs(): number {
    const { chance } = this.#needs;
    return chance.happens(0.01) ? chance.between(5, 60) : chance.between(0.1, 0.8);
  }
}

const LOCK_TIMEOUT = `do $$ begin raise exception 'canceling statement due to lock timeout' using errcode = '55P03'; end $$`;
