import { gunzipSync } from 'node:zlib';

/** The text of a file as it is stored. */
export const unzipped = (gzip: Uint8Array): string => gunzipSync(gzip).toString('utf8');
