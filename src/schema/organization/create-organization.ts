import { createOrganization, createOrganizationRefusals } from '#domain/organization/create-organization.ts';
import { builder } from '../builder.ts';
import { requireActor } from '../viewer.ts';
import { organizationSuccess } from './organization-success.ts';

const CreateOrganizationInput = builder.inputType('CreateOrganizationInput', {
  description: 'A new organization.',
  fields: (t) => ({
    name: t.string({ required: true, description: '1 to 100 characters.' }),
    countryCode: t.string({
      required: true,
      description: 'The code of its country, ISO 3166-1 alpha-2, for example `CH`.',
    }),
  }),
});

builder.mutationField('createOrganization', (t) =>
  t.field({
    type: organizationSuccess('CreateOrganizationSuccess', 'The organization exists; the viewer is its owner.'),
    description: 'Makes an organization, whose owner the viewer becomes. Needs an account: guests get NotAllowed.',
    args: { input: t.arg({ type: CreateOrganizationInput, required: true, description: 'The new organization.' }) },
    errors: {
      types: [...createOrganizationRefusals],
      union: { name: 'CreateOrganizationResult', description: 'The organization, or the reason for the refusal.' },
    },
    resolve: (_root, { input }, context) => {
      const actor = requireActor(context);
      return context.attempt('createOrganization', async () => ({
        organization: await createOrganization(context.resources, actor, input),
      }));
    },
  }),
);
