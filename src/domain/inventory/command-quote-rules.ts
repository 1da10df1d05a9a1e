import { isArea } from '../catalog/adjacency-rules.ts';
import { type LineRequest, type Quote, quote } from '../pricing/quote-rules.ts';
import { type CodeState, pricedCode } from './code-rules.ts';
import type { HoldCommand } from './inventory-command.ts';
import type { Rules } from './inventory-state.ts';

type Wanted = Pick<HoldCommand, 'seatNos' | 'ticketTypes'>;

/** @throws InvalidInput when the price list does not sell these tickets */
export function quoteOnline(rules: Rules, command: Wanted, codes: readonly CodeState[]): Quote {
  const lines = linesOf(rules, command);
  return quote(rules.prices, codes.length === 0 ? { lines } : { lines, codes: codes.map(pricedCode) });
}

/** @throws InvalidInput when the price list does not sell these tickets at all */
export const quoteAtBoxOffice = (rules: Rules, command: Wanted): Quote =>
  quote(rules.prices, { lines: linesOf(rules, command), atBoxOffice: true });

function linesOf({ levelOf, hall }: Rules, { seatNos, ticketTypes }: Wanted): LineRequest[] {
  return seatNos.map((seat, index) => ({
    seat,
    area: hall && isArea(hall, seat) ? hall.sectionOf[seat] : undefined,
    level: levelOf(seat) ?? '',
    ticketType: ticketTypes?.[index],
  }));
}
