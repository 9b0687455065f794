// The mailbox that the simulated HISP keeps for an edge log-in. In memory: it ends with the network.

export interface StoredMail { uid: number; raw: Buffer; flags: Set<string> }

export interface SimulatedMailbox {
  uidValidity: number;
  /** In order of arrival. */
  mails: readonly StoredMail[];
  append(raw: Buffer): void;
  /** Told of each mail that comes; returns the way to stop that. */
  watch(listener: () => void): () => void;
}

export const createMailbox = (now: Date): SimulatedMailbox => {
  const mails: StoredMail[] = [];
  const watchers = new Set<() => void>();
  return {
    uidValidity: Math.floor(now.getTime() / 1000),
    mails,
    append(raw) {
      mails.push({ uid: mails.length + 1, raw, flags: new Set() });
      for (const watcher of [...watchers]) watcher();
    },
    watch(listener) {
      watchers.add(listener);
      return () => { watchers.delete(listener); };
    },
  };
};
