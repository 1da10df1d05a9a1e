import type { GraphqlClient } from './graphql-client.ts';

/** Uploads the file of a seating plan. Returns the id of the upload, for `importSeatingPlan`. */
export async function uploadPlan(
  api: GraphqlClient,
  { organizationId, contentType, file }: { organizationId: string; contentType: string; file: string },
): Promise<string> {
  const announced = { organizationId, purpose: 'SEATING_PLAN', contentType, bytes: Buffer.byteLength(file) };
  type Announced = { upload: { id: string; url: string } };
  const { upload } = await api.mutate<Announced>('createUpload', announced, 'upload { id url }');
  await api.put(upload.url, contentType, file);
  return upload.id;
}
