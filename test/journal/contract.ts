// What every driver of the journal must do. A driver's spec hands in the way to open a bench.
import { accountsContract } from './accounts-contract.ts';
import { actionsContract } from './actions-contract.ts';
import { damageContract } from './damage-contract.ts';
import { findContract } from './find-contract.ts';
import type { OpenBench } from './fixtures.ts';
import { eventsContract } from './events-contract.ts';
import { flowContract } from './flow-contract.ts';
import { heldContract } from './held-contract.ts';
import { lanesContract } from './lanes-contract.ts';
import { lineageContract } from './lineage-contract.ts';
import { noticesContract } from './notices-contract.ts';
import { ordersContract } from './orders-contract.ts';
import { queueContract } from './queue-contract.ts';
import { rerunContract } from './rerun-contract.ts';
import { restartContract } from './restart-contract.ts';
import { resultsContract } from './results-contract.ts';
import { sourcesContract } from './sources-contract.ts';
import { takenAgainContract } from './taken-again-contract.ts';
import { waitingContract } from './waiting-contract.ts';
import { wishesContract } from './wishes-contract.ts';

export const journalContract = (driver: string, open: OpenBench): void => {
  describe(`the journal's contract: ${driver}`, () => {
    ordersContract(open);
    resultsContract(open);
    eventsContract(open);
    waitingContract(open);
    heldContract(open);
    lineageContract(open);
    takenAgainContract(open);
    queueContract(open);
    flowContract(open);
    lanesContract(open);
    noticesContract(open);
    restartContract(open);
    damageContract(open);
    accountsContract(open);
    sourcesContract(open);
    actionsContract(open);
    rerunContract(open);
    findContract(open);
    wishesContract(open);
  });
};
