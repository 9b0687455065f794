// Bodies that nobody sends honestly are refused before Node-RED sees them: an http in node reads any size into memory.
import type { IncomingMessage, ServerResponse } from 'node:http';

/** As `apiMaxLength` in settings.cjs. */
const LARGEST_BODY = 30 * 1024 * 1024;
const LOOK_EVERY_MS = 50;

/** A body that does not announce its size is cut off. Looked at from the side: listening to it would start it before its reader is there. */
const watch = (request: IncomingMessage): void => {
  const { socket } = request;
  const before = socket.bytesRead;
  const timer = setInterval(() => { if (socket.bytesRead - before > LARGEST_BODY) socket.destroy(); }, LOOK_EVERY_MS);
  request.once('close', () => { clearInterval(timer); });
};

/** True when the request was answered with 413. */
export const refuseLargeBody = (request: IncomingMessage, response: ServerResponse): boolean => {
  if (request.headers['transfer-encoding'] !== undefined) watch(request);
  if (Number(request.headers['content-length'] ?? 0) <= LARGEST_BODY) return false;
  response.writeHead(413).end();
  // Read and forgotten, so that the other side gets to see the answer.
  request.resume();
  return true;
};
