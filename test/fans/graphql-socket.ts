import { type Client, createClient } from 'graphql-ws';
import { type ClientOptions, WebSocket } from 'ws';
import { SUBPROTOCOL } from '#http/websocket/messages.ts';
import type { Json, Operation } from './graphql-http.ts';

const urlOf = (apiUrl: string): string => `${apiUrl.replace('http', 'ws')}/graphql`;

/**
 * The client that most applications use; it does not reconnect.
 * @param address the network address to connect from, because the product limits the sockets of one
 */
export function openSocket(apiUrl: string, connectionParams: Record<string, unknown> = {}, address?: string): Client {
  return createClient({
    url: urlOf(apiUrl),
    webSocketImpl: address === undefined ? WebSocket : socketFrom(address),
    connectionParams,
    retryAttempts: 0,
  });
}

function socketFrom(localAddress: string) {
  return class extends WebSocket {
    constructor(url: string, protocols: string | string[]) {
      super(url, protocols, { localAddress });
    }
  };
}

export type Message = { readonly type: string; readonly id?: string; readonly payload?: Json };

export type Conversation = {
  /** The payload of the first message. */
  readonly init?: object | undefined;
  /** Requested when the server has accepted the client, with the ids 1, 2 and so on. */
  readonly operations: () => readonly Operation[];
  /** The operations were requested. */
  readonly onSubscribed?: (() => void) | undefined;
  /** A result, the errors or the end of an operation, and each message that the protocol does not have. */
  readonly onMessage: (message: Message) => void;
};

/**
 * The client's side of graphql-transport-ws for one connection, over a socket of any kind: call `open` when it is open
 * and `hear` with each text that it receives.
 */
export function converse(send: (text: string) => void, conversation: Conversation) {
  const say = (message: object) => send(JSON.stringify(message));
  return {
    open: () => say({ type: 'connection_init', payload: conversation.init }),
    hear(text: string): void {
      const message: Message = JSON.parse(text);
      if (message.type === 'ping') say({ type: 'pong' });
      else if (message.type === 'connection_ack') {
        for (const [index, payload] of conversation.operations().entries())
          say({ id: `${index + 1}`, type: 'subscribe', payload });
        conversation.onSubscribed?.();
      } else conversation.onMessage(message);
    },
  };
}

export type ConversationOptions = Conversation & {
  /** Of the socket, such as the address to connect from. */
  readonly socket?: ClientOptions;
  /** Called with each text before it is understood. */
  readonly onText?: (text: string) => void;
};

/** One socket without a library on top, so that the caller sees every message and can pause it or end it. */
export function openConversation(apiUrl: string, options: ConversationOptions): WebSocket {
  const socket = new WebSocket(urlOf(apiUrl), SUBPROTOCOL, options.socket ?? {});
  const send = (text: string) => {
    if (socket.readyState === socket.OPEN) socket.send(text);
  };
  const { open, hear } = converse(send, options);
  socket.on('open', open);
  socket.on('message', (data) => {
    const text = String(data);
    options.onText?.(text);
    hear(text);
  });
  // Without a listener an error would end the process. A close follows it.
  socket.on('error', () => undefined);
  return socket;
}
