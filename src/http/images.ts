import type { ImageCache } from '#domain/catalog/uploads/image-cache.ts';
import { answerProblem, answerText } from './answer.ts';
import type { Exchange } from './exchange.ts';

/** `/images/<id>`: the image of an event. It never changes, so any cache may keep it forever and any page may show it. */
export async function answerImage({ images }: { images: ImageCache }, exchange: Exchange): Promise<void> {
  const { request, response, url, requestId } = exchange;
  const id = /^\/images\/([0-9a-f-]{36})$/.exec(url.pathname)?.[1];
  const image = id && isRead(exchange) ? await images.get(id) : undefined;
  if (!image)
    return answerProblem(
      response,
      404,
      { code: 'BAD_REQUEST', message: 'There is no such image.', requestId },
      exchange.headers,
    );
  const headers = {
    ...exchange.headers,
    'content-type': image.contentType,
    'cache-control': 'public, max-age=31536000, immutable',
    etag: `"${id}"`,
    'access-control-allow-origin': '*',
    'cross-origin-resource-policy': 'cross-origin',
  };
  if (request.headers['if-none-match']?.includes(`"${id}"`)) response.writeHead(304, headers).end();
  else answerText(response, 200, Buffer.from(image.bytes.buffer as ArrayBuffer), headers);
}

const isRead = ({ request: { method } }: Exchange): boolean => method === 'GET' || method === 'HEAD';
