import { hash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { openDocumentTexts } from './document-texts.ts';

const text = '{ __typename }';
const id = hash('sha256', text);
const other = '{ other: __typename }';
const otherId = hash('sha256', other);
const refused = (code: string, message: string) => expect.objectContaining({ message, extensions: { code } });
const notFound = refused('PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound');
const notSupported = refused('PERSISTED_QUERY_NOT_SUPPORTED', 'PersistedQueryNotSupported');
const badRequest = refused('BAD_REQUEST', expect.any(String) as unknown as string);

describe.each([true, false])('trusted documents, and nothing else is %s', (onlyTrusted) => {
  test.each([id, `sha256:${id}`, `SHA256:${id.toUpperCase()}`])('the id %s finds its text', (documentId) => {
    const texts = openDocumentTexts({ onlyTrusted, trusted: { [id]: text } });
    expect(texts.find({ documentId })).toBe(text);
    expect(texts.find({ documentId, query: text })).toBe(text);
    expect(texts.find({ query: text })).toBe(text);
  });

  test('the file of them may name the hash before each id', () => {
    expect(openDocumentTexts({ onlyTrusted, trusted: { [`sha256:${id}`]: text } }).find({ documentId: id })).toBe(text);
    expect(() => openDocumentTexts({ onlyTrusted, trusted: { [otherId]: text } })).toThrow(
      'is not the SHA-256 of its text',
    );
  });

  test('an id that is unknown is answered as clients of persisted queries know it', () => {
    const texts = openDocumentTexts({ onlyTrusted, trusted: { [id]: text } });
    for (const documentId of [otherId, 'md5:0123', '', '__proto__'])
      expect(texts.find({ documentId })).toEqual(notFound);
  });

  test('an id that is not that of the text beside it is refused, and so is nothing at all', () => {
    const texts = openDocumentTexts({ onlyTrusted, trusted: { [id]: text } });
    expect(texts.find({ query: text, documentId: otherId })).toEqual(badRequest);
    expect(texts.find({ query: other, documentId: id })).toEqual(badRequest);
    expect(texts.find({})).toEqual(badRequest);
  });
});

test('where any document is executed a text that came with its id is known by it', () => {
  const texts = openDocumentTexts({ onlyTrusted: false });
  expect(texts.find({ documentId: otherId })).toEqual(notFound);
  expect(texts.find({ documentId: otherId, query: other })).toBe(other);
  // Not before its text has passed the checks.
  expect(texts.find({ documentId: otherId })).toEqual(notFound);
  texts.keep({ documentId: `sha256:${otherId}`, query: other }, other);
  expect(texts.find({ documentId: otherId })).toBe(other);
});

test('of the texts that clients sent the oldest are forgotten', () => {
  const texts = openDocumentTexts({ onlyTrusted: false });
  const documents = Array.from({ length: 1_001 }, (_, no) => `{ a${no}: __typename }`);
  for (const query of documents) texts.keep({ documentId: hash('sha256', query), query }, query);
  const known = documents.filter((query) => texts.find({ documentId: hash('sha256', query) }) === query);
  expect(known).toEqual(documents.slice(1));
});

test('where only trusted documents are executed no other can be added', () => {
  const texts = openDocumentTexts({ onlyTrusted: true, trusted: { [id]: text } });
  expect(texts.find({ documentId: otherId, query: other })).toEqual(notSupported);
  expect(texts.find({ query: other })).toEqual(badRequest);
  expect(texts.find({ documentId: otherId })).toEqual(notFound);
});
