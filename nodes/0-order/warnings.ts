// Warnings gather on a message's way: each is told once.
import type { Warning } from './model.ts';

export const distinctWarnings = (warnings: readonly Warning[]): Warning[] =>
  [...new Map(warnings.map((warning) => [JSON.stringify(warning), warning])).values()];
