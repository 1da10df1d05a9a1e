import { GraphQLError, getOperationAST } from 'graphql';
import type { Call, OperationType } from './call.ts';
import { type OperationPlugin, paramsOf } from './plugin.ts';

const NOT_CARRIED: Record<OperationType, string> = {
  query: 'Queries are not accepted here.',
  mutation: 'GET is for queries only. Send the mutation with POST.',
  subscription: 'Subscribe over WebSocket, or send `Accept: text/event-stream`.',
};

/** Refuses the operations that the transport does not carry: a GET changes nothing, and a plain POST has one answer. */
export function useOperationTypes(): OperationPlugin {
  return {
    // Yoga checks the mutations of a GET after this, with a message of its own.
    onParse:
      ({ context }) =>
      ({ result }) => {
        if (result instanceof Error || !result) return;
        const { call } = context;
        const type = call.operation?.type ?? getOperationAST(result, paramsOf(context).operationName)?.operation;
        if (type === 'mutation') requireCarried(call, type);
      },
    onContextBuilding({ context: { call } }) {
      if (call.operation) requireCarried(call, call.operation.type);
    },
  };
}

function requireCarried(call: Call, type: OperationType): void {
  if (call.way.types.includes(type)) return;
  call.notCarried = type;
  throw new GraphQLError(NOT_CARRIED[type], { extensions: { code: 'BAD_REQUEST' } });
}
