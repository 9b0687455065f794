// What every driver of the journal must do. A driver's spec hands in the way to open a bench.
import type { OpenBench } from './fixtures.ts';
import { noticesContract } from './notices-contract.ts';
import { ordersContract } from './orders-contract.ts';
import { queueContract } from './queue-contract.ts';
import { restartContract } from './restart-contract.ts';
import { resultsContract } from './results-contract.ts';

export const journalContract = (driver: string, open: OpenBench): void => {
  describe(`the journal's contract: ${driver}`, () => {
    ordersContract(open);
    resultsContract(open);
    queueContract(open);
    noticesContract(open);
    restartContract(open);
  });
};
