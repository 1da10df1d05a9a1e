import { passesOf } from './admissions.ts';
import { goodToken } from './session.ts';
import { clock } from './transport.ts';

/** The headers of each request: who the fan is, and the passes of a waiting room. */
export async function requestHeaders(): Promise<Record<string, string>> {
  const token = await goodToken(() => clock.now());
  const { admission, place } = passesOf();
  return {
    ...(token && { authorization: `Bearer ${token}` }),
    ...(admission && { 'frontrow-admission': admission }),
    ...(place && { 'frontrow-place': place }),
  };
}
