import { describe, expect, it } from 'vitest';
import { highlightsOf, markedTitle } from './highlight.ts';
import { searchWords } from './normal-form/query-words.ts';

const asking = (text: string) => searchWords(text) ?? { words: [], orElse: undefined };
const nothing = { title: '', performers: [], description: '', venue: '', city: '' };

describe('a title', () => {
  it.each([
    ['opera', "Soirée à l'Opéra", 'Soirée à l&#39;<mark>Opéra</mark>'],
    ['opera', "Soirée à l'Ope\u0301ra", 'Soirée à l&#39;<mark>Ope\u0301ra</mark>'],
    ['rem', 'R.E.M. tribute', '<mark>R.E.M</mark>. tribute'],
    ['world', 'World Cup', '<mark>World</mark> Cup'],
    ['worldcup', 'The World Cup', 'The <mark>World Cup</mark>'],
    ['夜', '夏祭りの夜', '夏祭りの<mark>夜</mark>'],
    ['祭りの夜', '夏祭りの夜', '夏<mark>祭り</mark>の<mark>夜</mark>'],
    ['がらす', 'ｶﾞﾗｽの夜', '<mark>ｶﾞﾗｽ</mark>の夜'],
    ['live', 'ＬＩＶＥ！', '<mark>ＬＩＶＥ</mark>！'],
    ['strasse', 'Große Straße', 'Große <mark>Straße</mark>'],
    ['messico', 'Mexico vs Chile', '<mark>Mexico</mark> vs Chile'],
    ['opera', 'Op\u00ADera™ night', '<mark>Op\u00ADera</mark>™ night'],
    ['friends', '<b>"Friends" & \'co\'</b>', '&lt;b&gt;&quot;<mark>Friends</mark>&quot; &amp; &#39;co&#39;&lt;/b&gt;'],
    ['amp', 'A & B', 'A &amp; B'],
    ['mark', '<mark>', '&lt;<mark>mark</mark>&gt;'],
    ['emoji', '🎪 Emoji 👩‍👩‍👧 show', '🎪 <mark>Emoji</mark> 👩‍👩‍👧 show'],
    ['show', '👩‍👩‍👧 show', '👩‍👩‍👧 <mark>show</mark>'],
  ])('asked for %s: %s', (typed, title, html) => {
    expect(markedTitle(title, asking(typed))).toBe(html);
  });
});

it('searches the description for a word that is in no name, and shows the text around it', () => {
  const description = `${'before '.repeat(100)}Ünïque ${'behind '.repeat(100)}`;
  const [title, snippet] = highlightsOf({ ...nothing, title: 'Concert', description }, asking('concert unique'));
  expect(title).toEqual({ field: 'title', snippet: '<mark>Concert</mark>' });
  expect(snippet?.field).toBe('description');
  expect(snippet?.snippet).toMatch(/^… (before )+<mark>Ünïque<\/mark>( behind)+ …$/);
  expect(snippet?.snippet.length).toBeLessThan(400);
});

it('never cuts a character in half', () => {
  const description = `${'𝔸'.repeat(200)} needle ${'🎪'.repeat(300)}`;
  const [snippet] = highlightsOf({ ...nothing, description }, asking('needle'));
  expect(snippet?.snippet).toContain('<mark>needle</mark>');
  expect(snippet?.snippet.isWellFormed()).toBe(true);
});

it('shows the performers that match, and the place', () => {
  const event = { ...nothing, performers: ['Björk', 'Air', 'Bjorn'], venue: 'Björk Hall', city: 'Oslo' };
  expect(highlightsOf(event, asking('bjork oslo'))).toEqual([
    { field: 'performers', snippet: '<mark>Björk</mark>' },
    { field: 'venue', snippet: '<mark>Björk</mark> Hall' },
    { field: 'city', snippet: '<mark>Oslo</mark>' },
  ]);
});
