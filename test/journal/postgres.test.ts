import { describePostgres } from '../support/postgres.ts';
import { auditContract } from './audit-contract.ts';
import { journalContract } from './contract.ts';
import { createPostgresBenches } from './postgres-bench.ts';
import { retentionContract } from './retention-contract.ts';
import { retentionStates } from './retention-states.ts';
import { verifyContract } from './verify-contract.ts';

await describePostgres('a journal on PostgreSQL', (url) => {
  const benches = createPostgresBenches(url);
  after(() => benches.end());

  journalContract('PostgreSQL', benches.open);
  describe('keeping: PostgreSQL', () => {
    auditContract(benches.open);
    retentionContract(benches.open);
    verifyContract(benches.open);
    describe('pruning', () => retentionStates(benches.open, 5));
  });
});
