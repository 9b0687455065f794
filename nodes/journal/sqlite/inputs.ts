// Every input is kept with its bytes, whatever became of it.
import { sentence } from '../../errors.ts';
import type { InputRecord, InputRejection, RawInput } from '../port.ts';
import { insert, keep, run, type Store } from './store.ts';

export interface InputFate {
  kind: InputRecord['kind'];
  outcome: string;
  code?: string | undefined;
  path?: string | undefined;
  /** In words; without it, the sentence of the code. */
  text?: string | undefined;
  orderLocalId?: string | undefined;
}

export const keepInput = (store: Store, raw: RawInput, fate: InputFate): string => {
  const id = store.newId();
  insert(store, 'input', {
    id, received_at: store.now, kind: fate.kind, source: raw.source, name: raw.name ?? null, content: keep(store, raw.bytes),
    outcome: fate.outcome, code: fate.code ?? null, path: fate.path ?? null,
    text: fate.text ?? (fate.code === undefined ? null : sentence(fate.code)), order_local_id: fate.orderLocalId ?? null,
  });
  return id;
};

/** What waited has gone on: its input says so. */
export const changeFate = (store: Store, inputId: string, outcome: string, code: string | null): void => {
  run(store, 'UPDATE input SET outcome = :outcome, code = :code, text = :text WHERE id = :inputId',
    { inputId, outcome, code, text: code === null ? null : sentence(code) });
};

export const rejectInput = (store: Store, raw: RawInput, rejection: InputRejection): { inputId: string } =>
  ({ inputId: keepInput(store, raw, { ...rejection, outcome: 'rejected' }) });
