import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { rightsText } from '../scripts/rights-text.ts';

test('docs/reference/rights.md is up to date: npm run rights:print writes it', () => {
  const page = readFileSync(new URL('../docs/reference/rights.md', import.meta.url), 'utf8');
  expect(page).toBe(rightsText());
});
