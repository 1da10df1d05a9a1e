import { type CodeState, type GivenCode, isValidAt } from './code-rules.ts';
import type { BookingState } from './inventory-command.ts';

const NO_IDS: readonly string[] = [];

/** The codes of one event while its commands are decided: how often each may still be used. */
export class CodeUses {
  readonly #before: ReadonlyMap<string, CodeState> | undefined;
  readonly #changes = new Map<string, number>();

  /** @param before by hash and by id, as they were read */
  constructor(before: ReadonlyMap<string, CodeState> | undefined) {
    this.#before = before;
  }

  /** By the id of a code: how many more uses it has now. */
  get changes(): ReadonlyMap<string, number> {
    return this.#changes;
  }

  /** @param key the hash of a code, or its id */
  find(key: string): CodeState | undefined {
    return this.#before?.get(key);
  }

  /** With the commands so far. */
  isUsedUp({ id, uses, usesPerCode }: CodeState): boolean {
    return uses + (this.#changes.get(id) ?? 0) >= usesPerCode;
  }

  /** A booking takes a use of each of its codes (1), or gives it back (-1). */
  count({ codeIds }: BookingState, sign: 1 | -1): void {
    for (const id of codeIds ?? NO_IDS) this.#changes.set(id, (this.#changes.get(id) ?? 0) + sign);
  }
}

/**
 * The codes that were given, or the first of them that is not valid. All that may be wrong with a code reads the same, so
 * that an answer shows no guess to be half right. Pure.
 */
export function chooseCodes(
  uses: CodeUses,
  given: readonly GivenCode[],
  nowMs: number,
): { readonly codes: readonly CodeState[] } | { readonly invalid: string } {
  const codes: CodeState[] = [];
  for (const { text, hash } of given) {
    const code = uses.find(hash);
    const isUseful = code !== undefined && isValidAt(code, nowMs) && !uses.isUsedUp(code);
    if (!isUseful || (isDiscount(code) && codes.some(isDiscount))) return { invalid: text };
    codes.push(code);
  }
  return { codes };
}

/** One for each booking: the gateway may not take what two discounts together leave of a price. */
const isDiscount = ({ discountPercent, discountMinor }: CodeState): boolean =>
  discountPercent !== null || discountMinor !== null;
