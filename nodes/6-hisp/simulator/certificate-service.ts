// The network over HTTP: GET /certificates/{address} gives PEM, or 404; where it is allowed, POST /faults says what is to go wrong.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type Faults, readFaults } from './faults.ts';
import type { SimulatedPki } from './pki.ts';

export type SetFaults = (change: Partial<Faults>) => Promise<Faults>;

interface Answer { status: number; body: string; type?: string }

const NOT_FOUND: Answer = { status: 404, body: 'no such page\n' };
const LONGEST_REQUEST = 10_000;

const addressIn = (url: string): string | null => {
  const [, wanted] = /^\/certificates\/([^/?#]+)$/.exec(url) ?? [];
  try {
    return wanted === undefined ? null : decodeURIComponent(wanted);
  } catch {
    return null;
  }
};

const certificate = async (url: string, pki: SimulatedPki): Promise<Answer> => {
  const address = addressIn(url);
  if (address === null) return NOT_FOUND;
  const holder = await pki.certificateFor(address);
  return holder === null ? { status: 404, body: 'no certificate\n' } : { status: 200, body: holder.certificatePem, type: 'application/x-pem-file' };
};

const textOf = async (request: IncomingMessage): Promise<string> => {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > LONGEST_REQUEST) return '';
  }
  return text;
};

/** A web page in this machine's browser cannot send this content type to another origin. */
const faults = async (request: IncomingMessage, setFaults: SetFaults | undefined): Promise<Answer> => {
  if (setFaults === undefined || request.headers['content-type'] !== 'application/json') return NOT_FOUND;
  const change = readFaults(await textOf(request));
  if (change === null) return { status: 400, body: 'no such fault\n' };
  return { status: 200, body: JSON.stringify(await setFaults(change)), type: 'application/json' };
};

export const certificateService = (pki: SimulatedPki, setFaults?: SetFaults): Server => createServer((request, response) => {
  const { method, url = '' } = request;
  const answering = method === 'GET' ? certificate(url, pki) : method === 'POST' && url === '/faults' ? faults(request, setFaults) : undefined;
  (answering ?? Promise.resolve(NOT_FOUND)).catch((): Answer => ({ status: 500, body: 'that did not work\n' }))
    .then(({ status, body, type = 'text/plain' }) => { response.writeHead(status, { 'content-type': type }).end(body); }, () => undefined);
});
