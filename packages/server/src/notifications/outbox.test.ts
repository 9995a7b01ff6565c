import { describe } from 'vitest';
import { outboxContract } from '../../testing/outbox-contract.ts';
import { createTestPlace } from '../../testing/test-database.ts';

describe('the outbox', () => {
  outboxContract(createTestPlace);
});
