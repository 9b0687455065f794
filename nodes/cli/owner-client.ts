// The other end of the owner's door: a command that asks the process which has the journal open.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { CourierError, isCourierError } from '../errors.ts';
import { findSocket } from '../journal/owner-path.ts';
import { packRequest } from '../journal/owner-requests.ts';
import { ANSWER_LIMIT, fromFault, fromLine, linesOf, OWNER_VERSION, type OwnerMethod, type OwnerMethods, toLine } from '../journal/owner-wire.ts';

export type OwnerClient = OwnerMethods & { pid: number; close(): void };

const lost = (cause?: unknown): CourierError => new CourierError('OWNER_LOST', cause === undefined ? {} : { cause });

/** The greeting is answered at once by a process that is alive. */
const GREETING_WITHIN = 10_000;

/** One question, one answer. */
const converse = (socket: Socket) => {
  const lines = linesOf(socket, () => ANSWER_LIMIT);
  return async (question: unknown): Promise<Record<string, unknown>> => {
    socket.write(toLine(question));
    const line = await lines.next().catch((error: unknown) => { throw lost(error); });
    if (line.done === true) throw lost();
    const answer = fromLine(line.value);
    if ('error' in answer) throw fromFault(answer['error']);
    return answer;
  };
};

const reached = async (path: string): Promise<Socket | null> => {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    socket.on('error', () => undefined);
    return socket;
  } catch {
    // Nobody is there any more; who has the file open after all is found out by opening it.
    socket.destroy();
    return null;
  }
};

const METHODS: readonly OwnerMethod[] = ['act', 'rerun', 'prune', 'verify', 'rotateKey', 'accept'];

/** Null: it was hung up on before the greeting was answered, so that nothing can have been done. */
const greeted = async (socket: Socket, ask: ReturnType<typeof converse>): Promise<number | null> => {
  const impatient = setTimeout(() => socket.destroy(), GREETING_WITHIN);
  try {
    const { hello, pid } = await ask({ hello: OWNER_VERSION });
    if (hello !== OWNER_VERSION) throw new CourierError('OWNER_VERSION');
    return Number(pid);
  } catch (error) {
    socket.destroy();
    if (isCourierError(error) && error.code === 'OWNER_LOST') return null;
    throw error;
  } finally {
    clearTimeout(impatient);
  }
};

/** The owner of a journal's file, or null when none can be reached. Throws OWNER_VERSION. */
export const callOwner = async (file: string): Promise<OwnerClient | null> => {
  const path = findSocket(file);
  const socket = path === null ? null : await reached(path);
  if (socket === null) return null;
  const ask = converse(socket);
  const pid = await greeted(socket, ask);
  if (pid === null) return null;
  const methods = Object.fromEntries(METHODS.map((method) =>
    [method, async (input: never) => (await ask(packRequest(method, input)))['output']])) as unknown as OwnerMethods;
  return { ...methods, pid, close: () => { socket.destroy(); } };
};
