import type { KubeClient, RawResponse } from '@slipway/kube/client';
import { describe, expect, it } from 'vitest';
import { findResource } from './resources.ts';

const object = { apiVersion: 'slipway.dev/v1alpha1', kind: 'Application', metadata: { name: 'shop' } };

function answering(status: number, body: string): Pick<KubeClient, 'request'> {
  const request = async (): Promise<RawResponse> => ({ status, headers: {}, body: chunksOf(body) });
  return { request };
}

async function* chunksOf(text: string): AsyncIterable<Uint8Array> {
  yield Buffer.from(text);
}

describe('finding the resource of a manifest', () => {
  it('says that a kind is not served', async () => {
    await expect(findResource(answering(404, '404 page not found'), object, 'a.yaml')).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('a.yaml: the cluster serves no kind "Application"'),
    });
  });

  it.each([
    {
      name: 'in words of its own',
      status: 403,
      body: '{"kind":"Status","message":"you may not"}',
      said: 'you may not',
    },
    { name: 'in no words of Kubernetes', status: 503, body: 'no backend', said: 'no backend' },
  ])('does not take another refusal for that: $name', async ({ status, body, said }) => {
    await expect(findResource(answering(status, body), object, 'a.yaml')).rejects.toMatchObject({
      code: status,
      message: said,
    });
  });
});
