// What every driver of the journal must do. A driver's spec hands in the way to open a bench.
import { accountsContract } from './accounts-contract.ts';
import { actionsContract } from './actions-contract.ts';
import { alarmsContract } from './alarms-contract.ts';
import { blockedContract } from './blocked-contract.ts';
import { damageContract } from './damage-contract.ts';
import { findContract } from './find-contract.ts';
import type { OpenBench } from './fixtures.ts';
import { flowContract } from './flow-contract.ts';
import { holdsContract } from './holds-contract.ts';
import { lanesContract } from './lanes-contract.ts';
import { noticesContract } from './notices-contract.ts';
import { ordersContract } from './orders-contract.ts';
import { queueContract } from './queue-contract.ts';
import { rerunContract } from './rerun-contract.ts';
import { restartContract } from './restart-contract.ts';
import { resultsContract } from './results-contract.ts';
import { sourcesContract } from './sources-contract.ts';
import { takenAgainContract } from './taken-again-contract.ts';
import { testTrafficContract } from './test-traffic-contract.ts';

export const journalContract = (driver: string, open: OpenBench): void => {
  describe(`the journal's contract: ${driver}`, () => {
    ordersContract(open);
    resultsContract(open);
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
    alarmsContract(open);
    blockedContract(open);
    holdsContract(open);
    testTrafficContract(open);
  });
};
