import { describeClientContract } from '../testing/client-contract.ts';
import { FakeApi } from '../testing/fake-api.ts';
import { createClient } from './kube-client.ts';

describeClientContract('a client of an API in the same process', async () => ({
  client: createClient(new FakeApi()),
  close: async () => undefined,
}));
