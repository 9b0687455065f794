// A way through the product that ends in a code of routing.
import type { CODES_OF_ROUTING } from '../../nodes/codes-of-routing.ts';
import type { Bench as JournalBench } from '../journal/fixtures.ts';
import type { Bench as DecisionBench } from './decisions.ts';

export type RoutingCode = keyof typeof CODES_OF_ROUTING;

/** A journal of its own, a folder for files, and a made-up network to decide in. */
export interface Scene extends Pick<JournalBench, 'journal' | 'clock'> { folder: string; decide: DecisionBench['ask'] }

export type Found = string | null | undefined;

/** What a way through the product ends in: the codes that it was told, or that stand in the journal afterwards. */
export type Scenario = (scene: Scene) => Promise<readonly Found[]> | readonly Found[];
