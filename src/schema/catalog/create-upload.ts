import {
  createUpload,
  createUploadRefusals,
  findUpload,
  type Upload as UploadModel,
} from '#domain/catalog/uploads/create-upload.ts';
import { NotFound } from '#domain/errors.ts';
import { encodeGlobalId } from '#domain/global-id-rules.ts';
import { builder } from '../builder.ts';
import { decodeId, findNodesOf, Node } from '../node.ts';
import { isFor } from '../organization/standing.ts';
import { requireActor } from '../viewer.ts';

const UploadPurpose = builder.enumType('UploadPurpose', {
  description: 'What a file is for.',
  values: {
    SEATING_PLAN: { description: 'For `importSeatingPlan`.' },
    EVENT_IMAGE: { description: 'The image of an event: PNG, JPEG or WebP.' },
  } as const,
});

const CreateUploadInput = builder.inputType('CreateUploadInput', {
  description: 'The file that the client is about to send.',
  fields: (t) => ({
    organizationId: t.id({ required: true, description: 'The id of an Organization.' }),
    purpose: t.field({ type: UploadPurpose, required: true, description: 'What the file is for.' }),
    contentType: t.string({
      required: true,
      description: 'The media type with which the client will send it, for example `text/csv`.',
    }),
    bytes: t.int({ required: true, description: 'The size of the file, at most 33,554,432 bytes (32 MiB).' }),
  }),
});

const Upload = builder.objectRef<UploadModel>('Upload').implement({
  description: 'A place for the bytes of a file.',
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({
      description: 'For `uploadId` of the mutation that uses the file.',
      resolve: ({ id }) => encodeGlobalId('Upload', id),
    }),
    url: t.string({
      nullable: true,
      description:
        'PUT the bytes to this address, relative to this server. It is a secret, because it needs no token; only `createUpload` returns it, and later it is null.',
      resolve: ({ id, secret }) => (secret === undefined ? null : `/uploads/${id}/${secret}`),
    }),
    expiresAt: t.field({
      type: 'DateTime',
      description: 'Until when the bytes can be sent: an hour. They can be used within an hour of their arrival.',
      resolve: ({ expiresAt }) => expiresAt,
    }),
  }),
});

findNodesOf('Upload', async (id, context) => {
  const found = await findUpload(context.resources, id);
  return found && (await isFor(context, found.organizationId, 'Mutation.createUpload')) ? found.upload : undefined;
});

const CreateUploadSuccess = builder.objectRef<{ upload: UploadModel }>('CreateUploadSuccess').implement({
  description: 'The client may send the bytes.',
  fields: (t) => ({
    upload: t.field({ type: Upload, description: 'Where to send them.', resolve: ({ upload }) => upload }),
  }),
});

builder.mutationField('createUpload', (t) =>
  t.field({
    type: CreateUploadSuccess,
    description:
      'Makes a place for a file: a seating plan or the image of an event. Only for owners and managers of the organization.',
    args: { input: t.arg({ type: CreateUploadInput, required: true, description: 'The file.' }) },
    errors: {
      types: [...createUploadRefusals],
      union: { name: 'CreateUploadResult', description: 'The place, or the reason for the refusal.' },
    },
    resolve: (_root, { input }, context) => {
      const actor = requireActor(context);
      return context.attempt('createUpload', async () => {
        const organizationId = decodeId('Organization', input.organizationId);
        if (!organizationId) throw new NotFound('organization');
        return { upload: await createUpload(context.resources, actor, { ...input, organizationId }) };
      });
    },
  }),
);
