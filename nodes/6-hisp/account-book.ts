// The accounts that are deployed in this process, by name. Queues are per account name and outlive every redeploy.
import type { HispAccount } from './types.ts';

export interface AccountBook {
  /** Returns the way to take it away again. The latest of one name counts. */
  deploy(account: HispAccount): () => void;
  find(name: string): HispAccount | undefined;
  all(): HispAccount[];
  /** Told of each account that comes (at once of those that are there); what the listener returns is called when it goes. */
  follow(listener: (account: HispAccount) => () => void): () => void;
}

export const createAccountBook = (): AccountBook => {
  const accounts = new Set<HispAccount>();
  const followers = new Map<(account: HispAccount) => () => void, Map<HispAccount, () => void>>();
  return {
    deploy(account) {
      accounts.add(account);
      for (const [listener, held] of followers) held.set(account, listener(account));
      return () => {
        accounts.delete(account);
        for (const held of followers.values()) {
          held.get(account)?.();
          held.delete(account);
        }
      };
    },
    find: (name) => [...accounts].findLast((account) => account.name === name),
    all: () => [...accounts],
    follow(listener) {
      const held = new Map([...accounts].map((account) => [account, listener(account)]));
      followers.set(listener, held);
      return () => {
        followers.delete(listener);
        for (const release of held.values()) release();
      };
    },
  };
};

/** The process's own book. */
export const accountBook = createAccountBook();
