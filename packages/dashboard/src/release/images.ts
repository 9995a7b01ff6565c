/** What each container of a release runs. Pure. */
import type { ReleaseAnswer } from '../api/answers.ts';

export interface ContainerImages {
  readonly container: string;
  readonly images: readonly string[];
}

/** As it was asked for, until its digest is known, and in the order of the template: none of them moves when it is. */
export function listImages({ spec, status }: Pick<ReleaseAnswer, 'spec' | 'status'>): readonly ContainerImages[] {
  const known = new Map((status?.images ?? []).map(({ container, imageIDs }) => [container, imageIDs]));
  const asked = new Map((spec.template.spec?.containers ?? []).map(({ name, image }) => [name, [image ?? '']]));
  return [...new Map([...asked, ...known])].map(([container, images]) => ({ container, images }));
}
