import { randomUUID } from 'node:crypto';
import type { GraphQLSchema } from 'graphql';
import { describeError, type Log } from '#observability/log.ts';
import type { OperationMetrics } from '#observability/operation-metrics.ts';
import type { AddressOf } from './client-address.ts';
import { credentialsOfParams } from './credentials.ts';
import type { Gate } from './gate.ts';
import { nameForLog } from './operation-log.ts';
import type { Origins } from './origins.ts';
import type { RateLimits } from './rate-limits.ts';
import type { WebSocketOptions } from './websocket/options.ts';

/** What these push is the same for everybody, so one execution serves all who watch. */
const publicFields = new Set(['seatMapChanged', 'eventChanged']);

type Needs = {
  schema: GraphQLSchema;
  gate: Gate;
  limits: RateLimits;
  origins: Origins;
  log: Log;
  metrics?: OperationMetrics | undefined;
  addressOf: AddressOf;
};

/** The gate, as the WebSocket server wants to be told: the same documents, viewers, limits, masks and lines as on HTTP. */
export function webSocketOptions(needs: Needs): WebSocketOptions {
  const { schema, gate, limits, origins, log, metrics, addressOf } = needs;
  return {
    schema,
    documents: gate.documents,
    publicFields,
    positionArguments: { seatMapChanged: 'sinceVersion' },
    allowsOrigin: (origin) => origins.admits(origin),
    addressOf,
    endedSessions: gate.endedSessions,
    async authenticate(params, { address }) {
      const { authorization, admission, place } = credentialsOfParams(params);
      const { viewer, refusal } = await gate.authenticate(authorization);
      await limits.spend('request', { userId: viewer?.userId, address });
      return refusal ? undefined : { viewer, admission, place };
    },
    createContext: (caller) =>
      gate.contextOf({
        viewer: caller?.viewer,
        admission: caller?.admission,
        place: caller?.place,
        address: '',
        requestId: '',
      }),
    executeEvent: gate.executeEvent,
    formatError(error) {
      const requestId = randomUUID();
      const reported = gate.reportError(error, requestId);
      if (reported.cause !== undefined) log.error({ requestId, ...describeError(reported.cause) }, 'subscription');
      return reported.error;
    },
    onSubscribe({ operation, field, errors, userId, milliseconds }) {
      const outcomes = errors?.map((error) => String(error.extensions?.code)) ?? [];
      metrics?.operated({
        transport: 'websocket',
        operation: field ?? 'none',
        outcome: outcomes[0] ?? 'ok',
        seconds: milliseconds / 1000,
      });
      log.info(
        {
          operation: nameForLog(operation),
          type: 'subscription',
          field,
          outcome: outcomes.join(',') || 'ok',
          ms: Math.round(milliseconds * 10) / 10,
          userId,
        },
        'operation',
      );
    },
  };
}
