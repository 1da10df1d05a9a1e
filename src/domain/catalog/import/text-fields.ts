import { z } from 'zod';
import { readText, type TextRule } from '../../text-rules.ts';

/** The largest value of PostgreSQL's `integer`. */
export const MAX_INTEGER = 2_147_483_647;

/** A text of a file: in Unicode's form NFC, without surrounding blanks, so that labels that look alike are equal. */
export const text = (rule: TextRule) =>
  z.string().transform((value, context) => {
    const read = readText(value, rule);
    if ('text' in read) return read.text;
    context.addIssue({ code: 'custom', message: `it ${read.problem}` });
    return z.NEVER;
  });
