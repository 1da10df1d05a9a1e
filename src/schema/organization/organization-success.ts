import type { Organization as OrganizationModel } from '#domain/organization/organization-queries.ts';
import { builder } from '../builder.ts';
import { Organization } from './organization.ts';

/** Defines a success type with the organization. Each operation has its own, because every result union has its own. */
export const organizationSuccess = (name: string, description: string) =>
  builder.objectRef<{ organization: OrganizationModel }>(name).implement({
    description,
    fields: (t) => ({
      organization: t.field({
        type: Organization,
        description: 'The organization, as it is now.',
        resolve: ({ organization }) => organization,
      }),
    }),
  });
