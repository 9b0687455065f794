// The network's certificates over HTTP: GET /certificates/{address} gives PEM, or 404.
import { createServer, type Server } from 'node:http';
import type { SimulatedPki } from './pki.ts';

const addressIn = (url: string): string | null => {
  const [, wanted] = /^\/certificates\/([^/?#]+)$/.exec(url) ?? [];
  try {
    return wanted === undefined ? null : decodeURIComponent(wanted);
  } catch {
    return null;
  }
};

export const certificateService = (pki: SimulatedPki): Server => createServer((request, response) => {
  const answer = (status: number, body: string, type = 'text/plain'): void => {
    response.writeHead(status, { 'content-type': type }).end(body);
  };
  const address = request.method === 'GET' ? addressIn(request.url ?? '') : null;
  if (address === null) return answer(404, 'no such page\n');
  pki.certificateFor(address).then(
    (holder) => holder === null ? answer(404, 'no certificate\n') : answer(200, holder.certificatePem, 'application/x-pem-file'),
    () => answer(500, 'no certificate could be made\n'),
  );
});
