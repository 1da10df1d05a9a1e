import { NotFound } from '#domain/errors.ts';
import {
  type AccessKey as AccessKeyModel,
  createAccessKey,
  createAccessKeyRefusals,
  revokeAccessKey,
  revokeAccessKeyRefusals,
} from '#domain/organization/change-access-keys.ts';
import { builder } from '../builder.ts';
import { decodeId } from '../node.ts';
import { requireActor } from '../viewer.ts';
import { AccessKey, OrganizationRole } from './organization.ts';

const CreateAccessKeyInput = builder.inputType('CreateAccessKeyInput', {
  description: 'A new access key.',
  fields: (t) => ({
    organizationId: t.id({ required: true, description: 'The id of an Organization.' }),
    name: t.string({ required: true, description: '1 to 100 characters, to tell the keys apart.' }),
    role: t.field({
      type: OrganizationRole,
      required: true,
      description: 'What the key may do. No key may change members and access keys.',
    }),
    expiresAt: t.field({ type: 'DateTime', description: 'Until when it works. Default: without end.' }),
  }),
});

const CreateAccessKeySuccess = builder
  .objectRef<{ accessKey: AccessKeyModel; secret: string }>('CreateAccessKeySuccess')
  .implement({
    description: 'The access key exists.',
    fields: (t) => ({
      accessKey: t.field({ type: AccessKey, description: 'The access key.', resolve: ({ accessKey }) => accessKey }),
      secret: t.exposeString('secret', {
        description: 'Send it as `Authorization: Bearer <secret>`. It cannot be read again.',
      }),
    }),
  });

builder.mutationField('createAccessKey', (t) =>
  t.field({
    type: CreateAccessKeySuccess,
    description:
      'Makes a key with which a server acts for the organization, over HTTP, event streams and WebSocket. Only for owners.',
    args: { input: t.arg({ type: CreateAccessKeyInput, required: true, description: 'The new access key.' }) },
    errors: {
      types: [...createAccessKeyRefusals],
      union: { name: 'CreateAccessKeyResult', description: 'The key with its secret, or the reason for the refusal.' },
    },
    resolve: (_root, { input }, context) => {
      const actor = requireActor(context);
      return context.attempt('createAccessKey', async () => {
        const organizationId = decodeId('Organization', input.organizationId);
        if (!organizationId) throw new NotFound('organization');
        const { name, role, expiresAt } = input;
        return createAccessKey(context.resources, actor, {
          organizationId,
          name,
          role,
          expiresAt: expiresAt ?? undefined,
        });
      });
    },
  }),
);

const RevokeAccessKeyInput = builder.inputType('RevokeAccessKeyInput', {
  description: 'The access key to revoke.',
  fields: (t) => ({ accessKeyId: t.id({ required: true, description: 'The id of an AccessKey.' }) }),
});

const RevokeAccessKeySuccess = builder.objectRef<{ accessKey: AccessKeyModel }>('RevokeAccessKeySuccess').implement({
  description: 'The access key no longer works.',
  fields: (t) => ({
    accessKey: t.field({ type: AccessKey, description: 'The access key.', resolve: ({ accessKey }) => accessKey }),
  }),
});

builder.mutationField('revokeAccessKey', (t) =>
  t.field({
    type: RevokeAccessKeySuccess,
    description: 'Ends an access key, at once, with its open subscriptions. Only for owners.',
    args: { input: t.arg({ type: RevokeAccessKeyInput, required: true, description: 'The access key to revoke.' }) },
    errors: {
      types: [...revokeAccessKeyRefusals],
      union: { name: 'RevokeAccessKeyResult', description: 'The key, or the reason for the refusal.' },
    },
    resolve: (_root, { input }, context) => {
      const actor = requireActor(context);
      return context.attempt('revokeAccessKey', async () => {
        const accessKeyId = decodeId('AccessKey', input.accessKeyId);
        if (!accessKeyId) throw new NotFound('access key');
        return { accessKey: await revokeAccessKey(context.resources, actor, { accessKeyId }) };
      });
    },
  }),
);
