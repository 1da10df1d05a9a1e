import { createHmac } from 'node:crypto';
import {
  GatewayRefused,
  type GatewaySession,
  GatewayUnavailable,
  type Notice,
  NoticeRejected,
  type NoticeType,
  type OpenSessionRequest,
  type PaymentGateway,
  type RefundRequest,
} from '#domain/payments/gateway.ts';
import type { Chance } from './chance.ts';
import type { Plant } from './plants.ts';
import { Actor, type Scheduler } from './scheduler.ts';

export type GatewayFaults = {
  readonly unknownBefore: number;
  readonly unknownAfter: number;
  readonly noticeLost: number;
  readonly noticeRepeated: number;
  readonly noticeLate: number;
  readonly wrongAmount: number;
};
export const NO_GATEWAY_FAULTS: GatewayFaults = {
  unknownBefore: 0,
  unknownAfter: 0,
  noticeLost: 0,
  noticeRepeated: 0,
  noticeLate: 0,
  wrongAmount: 0,
};

export type GatewayFaultKind = 'unknown result' | 'notice lost' | 'notice repeated' | 'notice late' | 'wrong amount';

type Session = {
  readonly reference: string;
  readonly bookingId: string;
  readonly fields: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly createdAtMs: number;
  readonly expiresAt: Date;
  status: GatewaySession['status'];
  capturedMinor: number;
  capturedAtMs: number;
  readonly refunds: { refundReference: string; amountMinor: number; status: 'SUCCEEDED' | 'PENDING'; key: string }[];
};

/** Delivers a notice to a payments process; resolves when it was answered with 2xx. */
export type DeliverNotice = (delivery: { rawBody: Buffer; headers: Record<string, string> }) => Promise<void>;

const SECRET = 'a secret of the simulated gateway';
const signatureOf = (body: Buffer): string => createHmac('sha256', SECRET).update(body).digest('hex');
const RETRY_MS = [500, 1500, 4000, 8000];

/** A payment provider with a ledger: idempotent by key. Its answers may be lost, and its notices come in any order. */
export class GatewayServer {
  faults: GatewayFaults = NO_GATEWAY_FAULTS;
  isUp = true;
  onFault: (kind: GatewayFaultKind, about: string) => void = () => {};
  /**
   * Called when the key differs from that of the first call about the booking: if both were carried out, it would be
   * done twice.
   */
  onOtherKey: (about: string) => void = () => {};
  /** A payment may have several refunds, each with the key of its row. */
  onOtherRefund: (key: string) => void = () => {};
  onMoney: (kind: 'captured' | 'refunded', session: Session, amountMinor: number) => void = () => {};
  readonly sessions = new Map<string, Session>();
  readonly #byKey = new Map<string, Session>();
  readonly #actor = new Actor('gateway');
  readonly #scheduler: Scheduler;
  readonly #chance: Chance;
  readonly #deliver: DeliverNotice;
  readonly #plants: ReadonlySet<Plant>;
  #notices = 0;
  pendingNotices = 0;

  constructor(needs: { scheduler: Scheduler; chance: Chance; deliver: DeliverNotice; plants: ReadonlySet<Plant> }) {
    this.#scheduler = needs.scheduler;
    this.#chance = needs.chance;
    this.#deliver = needs.deliver;
    this.#plants = needs.plants;
  }

  /** The adapter of a payments process. */
  open(actor: Actor): PaymentGateway {
    const call = <T>(what: string, run: () => T): Promise<T> => this.#call(actor, what, run);
    return {
      name: 'sandbox',
      openSession: (request) =>
        call('openSession', () => {
          const { reference, expiresAt } = this.#openSession(request);
          return { reference, url: `https://pay.example/${reference}`, expiresAt };
        }),
      findSessionsByBooking: ({ bookingId }) =>
        call('findSessionsByBooking', () =>
          [...this.sessions.values()].filter((session) => session.bookingId === bookingId).map(viewOf),
        ),
      getSession: (reference) => call('getSession', () => viewOf(this.#sessionOf(reference))),
      expireSession: (reference) => call('expireSession', () => viewOf(this.#expire(this.#sessionOf(reference)))),
      findBookingOfPayment: async () => undefined,
      refund: (request) => call('refund', () => this.#refund(request)),
      verifyNotice: (rawBody, headers) => {
        if (headers['x-signature'] !== signatureOf(rawBody)) throw new NoticeRejected('SIGNATURE_WRONG', 'Not ours.');
        const { occurredAt, ...notice } = JSON.parse(rawBody.toString('utf8'));
        return { ...notice, occurredAt: new Date(occurredAt) };
      },
    };
  }

  /** The page to pay for a booking, while that is possible. */
  urlOf(bookingId: string): string | undefined {
    const session = [...this.sessions.values()].find((one) => one.bookingId === bookingId && one.status === 'OPEN');
    return session && viewOf(session).url;
  }

  /** A fan's action on the payment page. Returns whether the session accepted it. */
  decide(url: string, decision: 'pay' | 'decline'): boolean {
    const session = this.sessions.get(url.split('/').at(-1) ?? '');
    if (session?.status !== 'OPEN') return false;
    if (this.#scheduler.dateMs >= session.expiresAt.getTime()) {
      this.#expire(session);
      return false;
    }
    if (decision === 'decline') {
      session.status = 'DECLINED';
      this.#tell('SESSION_DECLINED', session, session.amountMinor);
      return true;
    }
    const isWrong = this.#chance.happens(this.faults.wrongAmount);
    if (isWrong) this.onFault('wrong amount', session.reference);
    session.status = 'PAID';
    session.capturedMinor = isWrong ? session.amountMinor - 1 : session.amountMinor;
    session.capturedAtMs = this.#scheduler.dateMs;
    this.onMoney('captured', session, session.capturedMinor);
    this.#tell('SESSION_PAID', session, session.capturedMinor);
    return true;
  }

  #call<T>(actor: Actor, what: string, run: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const answer = (delayMs: number, settle: () => void) => this.#scheduler.after(delayMs, actor, settle);
      const unknown = (): void => {
        this.onFault('unknown result', what);
        answer(this.#chance.between(300, 2500), () => reject(new GatewayUnavailable(`${what} gave no answer`)));
      };
      this.#scheduler.after(this.#chance.between(5, 60), this.#actor, () => {
        if (!this.isUp || this.#chance.happens(this.faults.unknownBefore)) return unknown();
        let settle: () => void;
        try {
          const result = run();
          settle = () => resolve(result);
        } catch (error) {
          settle = () => reject(error);
        }
        if (this.#chance.happens(this.#silenceAfter(what))) return unknown();
        answer(this.#chance.between(5, 60), settle);
      });
    });
  }

  #silenceAfter(what: string): number {
    const isForgetful = what === 'refund' && this.#plants.has('gateway refunds as often as it is asked');
    return isForgetful ? 0.5 : this.faults.unknownAfter;
  }

  #openSession(request: OpenSessionRequest): Session {
    const { signal: _signal, idempotencyKey, ...asked } = request;
    const fields = JSON.stringify(asked);
    const known = this.#plants.has('gateway forgets keys') ? undefined : this.#byKey.get(idempotencyKey);
    if (known && known.fields !== fields)
      throw new GatewayRefused('KEY_REUSED', 'The key was used for something else.');
    if (known) return known;
    if ([...this.sessions.values()].some(({ bookingId }) => bookingId === request.bookingId))
      this.onOtherKey(`another session, with the key ${idempotencyKey}`);
    const session: Session = {
      reference: `cs_${this.sessions.size + 1}`,
      bookingId: request.bookingId,
      fields,
      amountMinor: request.amountMinor,
      currency: request.currency,
      createdAtMs: this.#scheduler.dateMs,
      expiresAt: request.expiresAt,
      status: 'OPEN',
      capturedMinor: 0,
      capturedAtMs: 0,
      refunds: [],
    };
    this.sessions.set(session.reference, session);
    this.#byKey.set(idempotencyKey, session);
    return session;
  }

  #expire(session: Session): Session {
    if (session.status !== 'OPEN') return session;
    session.status = 'EXPIRED';
    this.#tell('SESSION_EXPIRED', session, session.amountMinor);
    return session;
  }

  #refund({ reference, amountMinor, idempotencyKey: key }: RefundRequest) {
    const session = this.#sessionOf(reference);
    const isForgetful = this.#plants.has('gateway refunds as often as it is asked');
    const known = session.refunds.find((refund) => refund.key === key);
    if (known && !isForgetful) return viewOfRefund(known);
    if (session.refunds.some((refund) => refund.key !== key)) this.onOtherRefund(key);
    const refunded = session.refunds.reduce((sum, refund) => sum + refund.amountMinor, 0);
    if (session.status !== 'PAID' || (refunded + amountMinor > session.capturedMinor && !isForgetful))
      throw new GatewayRefused('NOT_REFUNDABLE', 'There is not so much left.');
    const status = this.#chance.happens(0.5) ? ('SUCCEEDED' as const) : ('PENDING' as const);
    const refund: Session['refunds'][number] = { refundReference: `re_${key}`, amountMinor, status, key };
    session.refunds.push(refund);
    this.onMoney('refunded', session, amountMinor);
    if (status === 'PENDING')
      this.#scheduler.after(this.#chance.between(100, 4000), this.#actor, () => {
        refund.status = 'SUCCEEDED';
        this.#tell('REFUNDED', session, refunded + amountMinor);
      });
    else this.#tell('REFUNDED', session, refunded + amountMinor);
    return viewOfRefund({ ...refund, status });
  }

  #sessionOf(reference: string): Session {
    const session = this.sessions.get(reference);
    if (!session) throw new GatewayRefused('NOT_FOUND', 'There is no such session.');
    return session;
  }

  #tell(type: NoticeType, session: Session, amountMinor: number): void {
    this.#notices += 1;
    const notice: Notice = {
      gatewayEventId: `evt_${this.#notices}`,
      type,
      reference: session.reference,
      bookingId: session.bookingId,
      amountMinor,
      currency: session.currency,
      occurredAt: new Date(this.#scheduler.dateMs),
    };
    const rawBody = Buffer.from(JSON.stringify(notice));
    const delivery = { rawBody, headers: { 'x-signature': signatureOf(rawBody) } };
    if (this.#chance.happens(this.faults.noticeLost)) {
      this.onFault('notice lost', `${type} ${session.reference}`);
      return;
    }
    const times = this.#chance.happens(this.faults.noticeRepeated) ? this.#chance.whole(2, 3) : 1;
    if (times > 1) this.onFault('notice repeated', `${type} ${session.reference}`);
    for (let copy = 0; copy < times; copy++) {
      const isLate = this.#chance.happens(this.faults.noticeLate);
      if (isLate) this.onFault('notice late', `${type} ${session.reference}`);
      const delayMs = isLate ? this.#chance.between(1000, 9000) : this.#chance.between(1, 60);
      this.pendingNotices += 1;
      this.#scheduler.after(delayMs, this.#actor, () => this.#attempt(delivery, 0));
    }
  }

  #attempt(delivery: Parameters<DeliverNotice>[0], attempt: number): void {
    let isSettled = false;
    const settle = (isTaken: boolean) => () => {
      if (isSettled) return;
      isSettled = true;
      if (isTaken || attempt >= 30) this.pendingNotices -= 1;
      else {
        const pauseMs = RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)] ?? 0;
        this.#scheduler.after(pauseMs, this.#actor, () => this.#attempt(delivery, attempt + 1));
      }
    };
    this.#deliver(delivery).then(settle(true), settle(false));
    this.#scheduler.after(3000, this.#actor, settle(false));
  }
}

const viewOf = ({
  reference,
  bookingId,
  status,
  amountMinor,
  capturedMinor,
  currency,
  expiresAt,
  refunds,
}: Session) => ({
  reference,
  bookingId,
  status,
  url: status === 'OPEN' ? `https://pay.example/${reference}` : undefined,
  amountMinor,
  capturedMinor,
  currency,
  expiresAt,
  refunds: refunds.map(viewOfRefund),
});

const viewOfRefund = (refund: Session['refunds'][number]) => ({ ...refund });

export type { Session as GatewayBooks };
