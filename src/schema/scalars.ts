import { GraphQLError } from 'graphql';
import { parseInstant } from '#domain/instant-rules.ts';
import { builder } from './builder.ts';

builder.scalarType('DateTime', {
  description: 'An instant in ISO 8601 with its offset, for example `2026-06-11T20:00:00Z`. Answers are always in UTC.',
  specifiedByURL: 'https://scalars.graphql.org/andimarek/date-time.html',
  serialize: (instant) => instant.toISOString(),
  parseValue: (value) => {
    const instant = typeof value === 'string' ? parseInstant(value) : undefined;
    if (!instant) {
      const message = 'An instant looks like 2026-06-11T20:00:00Z and is a day that the calendar has.';
      throw new GraphQLError(message, { extensions: { code: 'INVALID_INPUT' } });
    }
    return instant;
  },
});

builder.scalarType('SeatStatuses', {
  description:
    '2 bits a seat in seat_no order, four seats a byte, seat 0 in the lowest bits; 0 AVAILABLE, 1 HELD, 2 BOOKED, 3 BLOCKED; base64.',
  // Of the text; what its bytes mean is in the description, because no other document says it.
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc4648#section-4',
  serialize: (statuses) => statuses,
});
