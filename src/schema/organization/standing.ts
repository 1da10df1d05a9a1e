import { decideRight, type OrganizerOperation } from '#domain/organization/rights-rules.ts';
import { readStandings } from '#domain/organization/standing-queries.ts';
import type { Context } from '../context.ts';

/** Whether the caller sees an object of the organization. It throws nothing, because to others the object does not exist. */
export async function isFor(
  context: Context,
  organizationId: string,
  operation: OrganizerOperation = 'Query.node',
): Promise<boolean> {
  const actor = context.viewer ?? context.accessKey;
  if (!actor) return false;
  const [standing] = await readStandings(context.resources.db, [{ actor, organizationId }]);
  return standing !== undefined && 'admittedAs' in decideRight(operation, standing);
}
