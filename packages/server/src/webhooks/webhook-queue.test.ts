import { describe } from 'vitest';
import { createTestPlace } from '../../testing/test-database.ts';
import { webhookQueueContract } from '../../testing/webhook-queue-contract.ts';

describe('the queue of deliveries', () => {
  webhookQueueContract(createTestPlace);
});
