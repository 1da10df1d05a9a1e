import { builder } from '../builder.ts';

export const WaitingRoomInput = builder.inputType('WaitingRoomInput', {
  description: 'The event of a waiting room.',
  fields: (t) => ({ eventId: t.id({ required: true, description: 'The id of an Event.' }) }),
});
