// A message on its way through an explanation, and what a stage does to it.
import type { Explanation, MessageFate } from './explanation.ts';
import type { DoNotSendEntry } from '../../0-order/do-not-send.ts';
import type { ReportDocument } from '../../0-order/message.ts';
import type { BuiltDocuments } from '../../4-cda/build.ts';
import { type Candidate, type explained, stopAll } from './candidates.ts';
import type { Case } from './question.ts';
import type { Setting } from './setting.ts';

/** A message under way: what the stages have made of it so far. `fate` once it is stopped. */
export interface Way extends Case {
  candidates: Candidate[];
  considered: Parameters<typeof explained>[1];
  policy: Explanation['policy'];
  /** Who gets nothing, whoever names them. */
  blocked: readonly DoNotSendEntry[];
  report: ReportDocument | null;
  made: BuiltDocuments | null;
  fate: MessageFate | null;
}

export type Step = (way: Way, setting: Setting, now: Date) => Promise<Way>;

/** The message goes no further, and with it whoever is still open. */
export const stop = (way: Way, fate: MessageFate): Way => ({ ...way, fate, candidates: stopAll(way.candidates, 'HELD', fate.code!) });
