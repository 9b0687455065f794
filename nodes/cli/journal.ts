// `direct-courier journal …`: which of its commands it is. Each is loaded only when asked for.
import type { Command } from './command.ts';
import { wrong } from './journal-call.ts';
import { JOURNAL_TEXTS } from './journal-texts.ts';

/** Exit codes: 0 done, 1 could not run or refused, 2 some of it was not changed, 3 damage was found. */
type Verb = (args: string[], cwd: string) => Promise<number>;

const VERBS: Record<string, () => Promise<Verb>> = {
  stats: async () => (await import('./journal-look.ts')).stats,
  find: async () => (await import('./journal-find.ts')).find,
  show: async () => (await import('./journal-look.ts')).show,
  accounts: async () => (await import('./journal-look.ts')).accounts,
  incidents: async () => (await import('./journal-look.ts')).incidents,
  export: async () => (await import('./journal-export.ts')).exportJournal,
  hold: async () => (await import('./journal-act.ts')).hold,
  release: async () => (await import('./journal-act.ts')).release,
  close: async () => (await import('./journal-act.ts')).close,
  cancel: async () => (await import('./journal-act.ts')).cancel,
  redirect: async () => (await import('./journal-act.ts')).redirect,
  pause: async () => (await import('./journal-act.ts')).pause,
  resume: async () => (await import('./journal-act.ts')).resume,
  'legal-hold': async () => (await import('./journal-act.ts')).legalHold,
  alerts: async () => (await import('./journal-alerts.ts')).alerts,
  acknowledge: async () => (await import('./journal-alerts.ts')).acknowledge,
  'do-not-send': async () => (await import('./journal-do-not-send.ts')).doNotSend,
  test: async () => (await import('./journal-test.ts')).test,
  tests: async () => (await import('./journal-test.ts')).tests,
  rerun: async () => (await import('./journal-rerun.ts')).rerun,
  resend: async () => (await import('./journal-rerun.ts')).resend,
  prune: async () => (await import('./journal-house.ts')).prune,
  verify: async () => (await import('./journal-house.ts')).verify,
  'rotate-key': async () => (await import('./journal-house.ts')).rotateKey,
  'init-key': async () => (await import('./journal-house.ts')).initKey,
};

export const journal: Command = async ([verb, ...args], { cwd }) => {
  const load = verb === undefined || !Object.hasOwn(VERBS, verb) ? undefined : VERBS[verb];
  if (load === undefined) throw wrong(JOURNAL_TEXTS.unknownVerb(verb));
  return await (await load())(args, cwd);
};
