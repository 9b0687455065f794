// Every input is kept with its bytes, whatever became of it.
import { sentence } from '../../errors.ts';
import type { InputRecord, InputRejection, RawInput } from '../port.ts';
import { first, insert, keep, kept, run, sealed, type Store } from './store.ts';

export interface InputFate {
  kind: InputRecord['kind'];
  outcome: string;
  code?: string | undefined;
  path?: string | undefined;
  /** In words; without it, the sentence of the code. */
  text?: string | undefined;
  orderLocalId?: string | undefined;
}

/** A report that came within an input: its base64 there, and what is kept of it. */
export interface Enclosed { base64: string; content: Uint8Array }

/** The bytes without the report, whose base64 is most of them, and where it stood. One that is written otherwise stays where it is. */
const withoutPdf = ({ buffer, byteOffset, byteLength }: Uint8Array, enclosed: Enclosed | null): { bytes: Uint8Array; at: number | null } => {
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  const at = enclosed === null ? -1 : bytes.indexOf(enclosed.base64, 0, 'latin1');
  if (at < 0) return { bytes, at: null };
  return { bytes: Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + enclosed!.base64.length)]), at };
};

export const keepInput = async (store: Store, raw: RawInput, fate: InputFate, enclosed: Enclosed | null = null): Promise<string> => {
  const id = store.newId();
  const { bytes, at } = withoutPdf(raw.bytes, enclosed);
  await insert(store, 'input', {
    id, received_at: store.now, kind: fate.kind, source: raw.source, content: await keep(store, bytes),
    name: raw.name === undefined ? null : sealed(store, 'input', raw.name),
    pdf: at === null ? null : enclosed!.content, pdf_at: at,
    outcome: fate.outcome, code: fate.code ?? null, path: fate.path ?? null,
    text: fate.text ?? (fate.code === undefined ? null : sentence(fate.code)), order_local_id: fate.orderLocalId ?? null,
  });
  return id;
};

type InputContents = { content: Uint8Array | null; pdf: Uint8Array | null; pdf_at: number | null };

/** As it came. Null once it was pruned. */
export const rawInput = async (store: Store, inputId: string): Promise<Uint8Array | null> => {
  const row = await first<InputContents>(store, 'SELECT content, pdf, pdf_at FROM input WHERE id = :inputId', { inputId });
  const bytes = await kept(store, row?.content);
  const pdf = await kept(store, row?.pdf);
  if (bytes === null || row!.pdf_at === null) return bytes;
  if (pdf === null) return null;
  const [before, after] = [bytes.subarray(0, row!.pdf_at), bytes.subarray(row!.pdf_at)];
  return new Uint8Array(Buffer.concat([before, Buffer.from(Buffer.from(pdf).toString('base64'), 'latin1'), after]));
};

/** What waited has gone on: its input says so. */
export const changeFate = async (store: Store, inputId: string, outcome: string, code: string | null): Promise<void> => {
  await run(store, 'UPDATE input SET outcome = :outcome, code = :code, text = :text WHERE id = :inputId',
    { inputId, outcome, code, text: code === null ? null : sentence(code) });
};

/** A person has decided about it: only an input that waited for that says something else now. */
export const settleFate = async (store: Store, inputId: string, outcome: string, code: string | null): Promise<void> => {
  const row = await first<{ outcome: string }>(store, 'SELECT outcome FROM input WHERE id = :inputId', { inputId });
  if (row !== undefined && ['held', 'waiting'].includes(row.outcome)) await changeFate(store, inputId, outcome, code);
};

export const rejectInput = async (store: Store, raw: RawInput, rejection: InputRejection): Promise<{ inputId: string }> =>
  ({ inputId: await keepInput(store, raw, { ...rejection, outcome: 'rejected' }) });
