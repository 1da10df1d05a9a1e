/** The parts of the price of one ticket, or of a whole booking, in the form that messages have them. */
export type { SplitLine } from '#events/contracts.ts';
