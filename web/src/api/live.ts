import type { Client, Sink, SubscribePayload } from 'graphql-ws';

const WAIT_S = 2;

type Failed = readonly { readonly extensions?: { readonly retryAfterSeconds?: unknown } }[];

/**
 * Subscribes over the socket, and again after the time that a busy API names. The socket itself is made again when it is
 * lost, but a subscription that was refused stays refused, and the page would show an old state for ever.
 */
export function subscribeAgain(socket: Client, payload: SubscribePayload, sink: Sink): () => void {
  let isOver = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let end: (() => void) | undefined;
  const start = () => {
    end = socket.subscribe(payload, {
      next: (result) => sink.next(result as never),
      complete: () => sink.complete(),
      error(error) {
        const seconds = secondsToWait(error);
        if (isOver || seconds === undefined) sink.error(error);
        else timer = setTimeout(start, seconds * 1000);
      },
    });
  };
  start();
  return () => {
    isOver = true;
    clearTimeout(timer);
    end?.();
  };
}

/** Undefined when waiting does not help. A socket that the API closed for good is tried again too. */
function secondsToWait(error: unknown): number | undefined {
  if (!Array.isArray(error)) return WAIT_S;
  const after = (error as Failed)[0]?.extensions?.retryAfterSeconds;
  return typeof after === 'number' ? after : undefined;
}
