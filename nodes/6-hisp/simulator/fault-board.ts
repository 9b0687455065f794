// The faults that are set, and what it takes to bring each about in the servers of the network.
import type { Faults } from './faults.ts';

/** A server that can be taken away and brought back on its port. */
export interface Switched {
  open(port: number): Promise<number>;
  shut(): Promise<void>;
  /** Whoever is connected must come again. */
  cut(): void;
}

export interface Board {
  current(): Faults;
  /** Resolves to all that is set, when it is so. */
  change(change: Partial<Faults>): Promise<Faults>;
  /** `up`: whether it is to be reached. Opens it, and shuts it at once where it is not. */
  add(server: Switched, port: number, up: (faults: Faults) => boolean): Promise<number>;
}

export const faultBoard = (first: Faults): Board => {
  const places: { server: Switched; port: number; up: (faults: Faults) => boolean }[] = [];
  let current = first;
  let changing = Promise.resolve();
  const apply = async (change: Partial<Faults>): Promise<Faults> => {
    const before = current;
    current = { ...current, ...change };
    for (const { server, port, up } of places) {
      if (up(before) && (!up(current) || before.tls !== current.tls)) await server.shut();
      if (up(current) && (!up(before) || before.tls !== current.tls)) await server.open(port);
      if (before.login !== current.login) server.cut();
    }
    return current;
  };
  return {
    current: () => current,
    async change(change) {
      const changed = changing.then(async () => await apply(change));
      changing = changed.then(() => undefined, () => undefined);
      return await changed;
    },
    async add(server, wanted, up) {
      const port = await server.open(wanted);
      if (!up(current)) await server.shut();
      places.push({ server, port, up });
      return port;
    },
  };
};
