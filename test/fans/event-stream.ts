import type { Json } from './graphql-http.ts';

/** Of a request whose answer comes as server-sent events. */
export const asEvents = { accept: 'text/event-stream' } as const;

const FIRST = /^event: next\ndata: (.*)\n\n/m;

/** Whether the text of an event stream has a whole result in it. */
export const hasResult = (text: string): boolean => FIRST.test(text);

/** The first result in the text of an event stream; undefined without one. */
export function firstResult(text: string): Json | undefined {
  const data = FIRST.exec(text)?.[1];
  return data === undefined ? undefined : JSON.parse(data);
}

/** The results of a subscription over server-sent events, as they come; ends with the stream. */
export async function* resultsIn({ body }: Response): AsyncGenerator<Json> {
  let text = '';
  for await (const chunk of body ?? []) {
    const events = (text + Buffer.from(chunk).toString()).split('\n\n');
    text = events.pop() ?? '';
    for (const event of events) {
      const result = firstResult(`${event}\n\n`);
      if (result !== undefined) yield result;
    }
  }
}
