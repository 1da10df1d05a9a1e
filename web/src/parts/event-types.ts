import type { ResultOf } from '../api/graphql.ts';
import type { EVENT } from '../operations/fan.ts';

/** An event as its page has it. */
export type FullEvent = NonNullable<ResultOf<typeof EVENT>['event']>;
