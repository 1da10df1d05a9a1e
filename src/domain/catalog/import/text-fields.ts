import { z } from 'zod';
import { readText, type TextRule } from '../../text-rules.ts';

/** What PostgreSQL's `integer` holds. */
export const MAX_INTEGER = 2_147_483_647;

/** A text of a file: in Unicode's form NFC, without blanks around it, so that labels that look alike are the same. */
export const text = (rule: TextRule) =>
  z.string().transform((value, context) => {
    const read = readText(value, rule);
    if ('text' in read) return read.text;
    context.addIssue({ code: 'custom', message: `it ${read.problem}` });
    return z.NEVER;
  });

/** The name of a section, a row or a seat. A file may have a number where a text is meant. */
export const label = z
  .union([z.string(), z.number()])
  .transform(String)
  .pipe(text({ atMost: 100 }));

/** Further out than any drawing; beyond it sums of coordinates lose their fractions. */
export const coordinate = z.number().min(-10_000_000).max(10_000_000);
