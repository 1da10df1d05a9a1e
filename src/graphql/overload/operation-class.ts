import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { GraphqlParams } from '../params.ts';

/** From what an overloaded process refuses last to what it refuses first. */
export const operationClasses = ['pay', 'hold', 'map', 'search'] as const;
export type OperationClass = (typeof operationClasses)[number];

/**
 * By root field. `pay`: what a fan needs who has seats. `hold`: what a fan needs to get seats, and what organizers do.
 * `map`: looks at one event or room. `search`: looks for events.
 */
export const fieldsOfClasses: Readonly<Record<OperationClass, readonly string[]>> = {
  pay: ['booking', 'bookingChanged', 'cancelBooking', 'refreshSession'],
  hold: [
    'acceptInvitation',
    'cancelEvent',
    'changeMember',
    'configureWaitingRoom',
    'createAccessKey',
    'createBooking',
    'createEvent',
    'createCodes',
    'createOrganization',
    'createUpload',
    'createVenue',
    'duplicateEvent',
    'endWaitingRoom',
    'holdBestAvailable',
    'importSeatingPlan',
    'inviteMember',
    'joinWaitingRoom',
    'leaveWaitingRoom',
    'openWaitingRoom',
    'pauseSales',
    'pauseWaitingRoom',
    'previewEventCancellation',
    'publishEvent',
    'publishSeatingPlan',
    'quote',
    'recordPayout',
    'recoverGuest',
    'refundTickets',
    'removeMember',
    'rescheduleEvent',
    'resumeGuest',
    'resumeSales',
    'revokeAccessKey',
    'sellAtBoxOffice',
    'setAllocation',
    'setPrices',
    'signIn',
    'signInAsGuest',
    'signOut',
    'signUp',
    'updateEvent',
    'updateVenue',
    'viewer',
    'waitingRoomChanged',
  ],
  map: [
    'drawProof',
    'event',
    'eventCancellationChanged',
    'eventChanged',
    'eventSalesChanged',
    'node',
    'seatMap',
    'seatMapChanged',
    'venue',
    'waitingRoomPlace',
    'waitingRoomStats',
  ],
  search: ['searchEvents', 'suggestEvents'],
};
const classOfField = new Map<string, OperationClass>(
  Object.entries(fieldsOfClasses).flatMap(([of, names]) => names.map((name) => [name, of as OperationClass])),
);

const KEPT_AT_MOST = 2_000;
/** The first field of an operation, past its variables and an alias. */
const FIRST_FIELD = /^[^{]*\{\s*(?:\w+\s*:\s*)?(\w+)/;

type Asked = Pick<GraphqlParams, 'query' | 'documentId' | 'operationName'>;
export type ClassOf = (asked: Asked) => OperationClass;

/**
 * Classifies an operation by the first field of its text, without parsing it. The class decides who waits under load and
 * never what is allowed, so a text that is read wrongly does no harm.
 *
 * @param trusted texts by the ids that clients send for them
 */
export function openClassifier(trusted: Readonly<Record<string, string>> = {}): ClassOf {
  const texts = new Map(Object.entries(trusted).map(([id, text]) => [bare(id), text]));
  const kept = new LRUCache<string, OperationClass>({ max: KEPT_AT_MOST });
  return ({ query, documentId, operationName = '' }) => {
    const id = bare(documentId ?? '');
    const key = `${operationName}\n${query || id}`;
    const known = kept.get(key);
    if (known) return known;
    const text = query || texts.get(id);
    // The process has not seen the text of this id yet.
    if (text === undefined) return 'hold';
    const found = classOfText(text, operationName);
    kept.set(key, found);
    // From now on the client sends the id alone. A wrong id would make another document wait.
    if (query && id && hash('sha256', query) === id) kept.set(`${operationName}\n${id}`, found);
    return found;
  };
}

const bare = (id: string): string => id.replace(/^sha256:/i, '').toLowerCase();

function classOfText(text: string, operationName: string): OperationClass {
  const named = operationName === '' ? -1 : text.search(new RegExp(`\\b${operationName.replaceAll(/\W/g, '')}\\b`));
  const field = FIRST_FIELD.exec(named < 0 ? text : text.slice(named))?.[1] ?? '';
  return classOfField.get(field) ?? 'search';
}
