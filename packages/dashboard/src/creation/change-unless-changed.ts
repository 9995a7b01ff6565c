import type { AcceptedAnswer, ApplicationAnswer } from '../api/answers.ts';
import { pathOf, type ApiClient } from '../api/client.ts';
import { ApiProblem } from '../api/problem.ts';
import type { Manifest } from './manifest.ts';

/** The controller writes status meanwhile, which makes another ETag and no other spec. */
const maximumAttempts = 5;

/** Writes spec where it is still the one that was read; rejects where somebody has changed it since. */
export async function changeUnlessChanged(
  client: Pick<ApiClient, 'send' | 'getTagged'>,
  { namespace, name, spec }: Manifest,
  generation: number,
): Promise<AcceptedAnswer> {
  const path = pathOf(namespace, 'applications', name);
  for (let attempt = 1; ; attempt += 1) {
    const { answer, etag } = await client.getTagged<ApplicationAnswer>(path);
    if (answer.generation !== generation)
      throw new ApiProblem(
        412,
        `somebody has changed ${name} since this page was opened: open it again, and change it there`,
      );
    try {
      return await client.send<AcceptedAnswer>('PUT', path, { body: { spec }, ifMatch: etag });
    } catch (error) {
      if (!(error instanceof ApiProblem && error.status === 412) || attempt === maximumAttempts) throw error;
    }
  }
}
