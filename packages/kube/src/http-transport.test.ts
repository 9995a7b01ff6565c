import { describeClientContract } from '../testing/client-contract.ts';
import { FakeApi } from '../testing/fake-api.ts';
import { serveOverHttp } from '../testing/http-bridge.ts';
import { createHttpTransport } from './http-transport.ts';
import { createClient } from './kube-client.ts';

describeClientContract('a client over HTTP', async () => {
  const { server, close } = await serveOverHttp(new FakeApi());
  return { client: createClient(createHttpTransport({ server })), close };
});
