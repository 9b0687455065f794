import { auditContract } from './audit-contract.ts';
import { retentionContract } from './retention-contract.ts';
import { retentionStates } from './retention-states.ts';
import { sqliteBench } from './sqlite-bench.ts';
import { verifyContract } from './verify-contract.ts';

describe('keeping: SQLite', () => {
  auditContract(sqliteBench);
  retentionContract(sqliteBench);
  verifyContract(sqliteBench);
  describe('pruning', () => retentionStates(sqliteBench, 12));
});
