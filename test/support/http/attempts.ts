import { type GraphQLSchema, isUnionType } from 'graphql';
import type { Fan } from '#test/fans/fan.ts';
import { type Json, post } from '#test/fans/graphql-http.ts';
import { mutations } from './mutation-documents.ts';
import { someAddress } from './some-address.ts';

type MutationName = keyof typeof mutations;

/** The mutations of organizations. */
export const organizationMutations: readonly MutationName[] = [
  'createOrganization',
  'inviteMember',
  'acceptInvitation',
  'changeMember',
  'removeMember',
  'createVenue',
  'updateVenue',
  'createUpload',
  'importSeatingPlan',
  'publishSeatingPlan',
  'setPrices',
  'createEvent',
  'updateEvent',
  'duplicateEvent',
  'publishEvent',
  'pauseSales',
  'resumeSales',
  'rescheduleEvent',
  'previewEventCancellation',
  'cancelEvent',
  'setAllocation',
  'createCodes',
  'sellAtBoxOffice',
  'refundTickets',
  'recordPayout',
  'createAccessKey',
  'revokeAccessKey',
];

const unionOf = (name: string): string => `${name.charAt(0).toUpperCase()}${name.slice(1)}Result`;

/** Sends mutations over HTTP, each from another address, and keeps which members of their unions were produced. */
export function openAttempts(apiUrl: () => string) {
  const seen = new Set<string>();
  return {
    produced: (name: MutationName, answer: Json) => void seen.add(`${unionOf(name)}.${answer.__typename}`),
    async attempt(name: MutationName, input: object, by?: Fan, address = someAddress()): Promise<Json> {
      const headers = { 'x-forwarded-for': address, ...(by && { authorization: `Bearer ${by.token}` }) };
      const { data, errors } = await post(apiUrl(), { query: mutations[name], variables: { input } }, headers);
      if (errors) throw new Error(`${name}: ${JSON.stringify(errors)}`);
      this.produced(name, data[name]);
      return data[name];
    },
    /** All members of the result unions, except those of these mutations, or only those; and which never occurred. */
    coverage(schema: GraphQLSchema, which: { only: readonly MutationName[] } | { except: readonly MutationName[] }) {
      const isAsked = (union: string) =>
        'only' in which ? which.only.map(unionOf).includes(union) : !which.except.map(unionOf).includes(union);
      const members = Object.values(schema.getTypeMap())
        .filter((type) => isUnionType(type) && type.name.endsWith('Result') && isAsked(type.name))
        .flatMap((union) =>
          isUnionType(union) ? union.getTypes().map((member) => `${union.name}.${member.name}`) : [],
        );
      return { members, missing: members.filter((member) => !seen.has(member)) };
    },
  };
}
