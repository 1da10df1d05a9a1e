import { expect, test } from 'vitest';
import { csvCell, csvLine } from './csv-rules.ts';

test.each(['=1+1', '+1', '-1', '@SUM(A1)', ' =1', '\t=1', '\u200B=1', '＝1', '\rx', '\n=1'])(
  'disarms %j, which a spreadsheet would run as a formula',
  (text) => {
    expect(csvCell(text).replaceAll('"', '')).toBe(`'${text}`);
  },
);

test('quotes separators, quotes and line breaks, and leaves plain texts and numbers as they are', () => {
  expect(csvLine(['Ann', 'O"Hara, Sue', 'a\nb', ' x', -5, null, '12.50'])).toBe(
    'Ann,"O""Hara, Sue","a\nb"," x",-5,,12.50\r\n',
  );
});
