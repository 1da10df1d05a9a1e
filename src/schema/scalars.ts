import { GraphQLError } from 'graphql';
import { parseInstant } from '#domain/instant-rules.ts';
import { builder } from './builder.ts';

builder.scalarType('DateTime', {
  description:
    'An instant in ISO 8601 with its offset, for example `2026-06-11T20:00:00Z`. The API always returns UTC.',
  specifiedByURL: 'https://scalars.graphql.org/andimarek/date-time.html',
  serialize: (instant) => instant.toISOString(),
  parseValue: (value) => {
    const instant = typeof value === 'string' ? parseInstant(value) : undefined;
    if (!instant) {
      const message = 'An instant must look like 2026-06-11T20:00:00Z, and its date must exist in the calendar.';
      throw new GraphQLError(message, { extensions: { code: 'INVALID_INPUT' } });
    }
    return instant;
  },
});

builder.scalarType('SeatStatuses', {
  description:
    'The status of every seat, in base64: 2 bits for each seat in the order of `seatNo`, four seats in a byte, seat 0 in the lowest bits; 0 AVAILABLE, 1 HELD, 2 BOOKED, 3 BLOCKED.',
  // The specification of base64. The meaning of the bytes is in the description, because no other document has it.
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc4648#section-4',
  serialize: (statuses) => statuses,
});

const NOT_AN_AMOUNT = 'An amount must be a whole number of minor units, at most 2^53 - 1, as a number.';

builder.scalarType('MinorUnits', {
  description:
    'An amount in minor units of its currency, for example cents: a whole number of at most 2^53 - 1 in absolute value, in JSON a number. It may be larger than an `Int`.',
  // JSON numbers that are exact in every implementation.
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc8259#section-6',
  serialize: (amount) => {
    if (!Number.isSafeInteger(amount)) throw new Error(`${amount} is not an amount in minor units`);
    return amount;
  },
  parseValue: (value) => {
    if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
    throw new GraphQLError(NOT_AN_AMOUNT, { extensions: { code: 'INVALID_INPUT' } });
  },
});

const NOT_A_DECIMAL = 'A decimal must be a text such as "7.7": digits, and at most one point between them.';

builder.scalarType('Decimal', {
  description: 'A decimal number as a text, for example `"7.7"`, so that no digit is lost.',
  // The lexical form of a decimal; without its exponents and signs.
  specifiedByURL: 'https://www.w3.org/TR/xmlschema-2/#decimal',
  serialize: (decimal) => decimal,
  parseValue: (value) => {
    if (typeof value === 'string' && /^\d{1,12}(\.\d{1,12})?$/.test(value)) return value;
    throw new GraphQLError(NOT_A_DECIMAL, { extensions: { code: 'INVALID_INPUT' } });
  },
});

builder.scalarType('LocalDateTime', {
  description:
    'A time as the clock of the venue shows it, for example `2026-06-11T20:00`, or with an offset from UTC: `2026-06-11T20:00+02:00`. A time that the clock skips or shows twice needs its offset.',
  // The lexical form of a time with an optional offset.
  specifiedByURL: 'https://www.w3.org/TR/xmlschema-2/#dateTime',
  serialize: (time) => time,
  // Whether there is such a time depends on the zone of the venue, so the operation checks it and names the field.
  parseValue: (value) => {
    if (typeof value === 'string') return value;
    throw new GraphQLError('A local time must be a text such as "2026-06-11T20:00".', {
      extensions: { code: 'INVALID_INPUT' },
    });
  },
});
