import { builder } from '../builder.ts';

export const WaitingRoomInput = builder.inputType('WaitingRoomInput', {
  description: 'Which waiting room.',
  fields: (t) => ({ eventId: t.id({ required: true, description: 'The id of an Event.' }) }),
});
