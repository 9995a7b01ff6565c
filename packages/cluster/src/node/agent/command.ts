import type { Container } from '@slipway/kube/api.generated';
import type { ImageInfo } from '../runtime.ts';
import { expandReferences } from './expansion.ts';

/**
 * What is executed: the container's `command` replaces the image's entrypoint and its arguments, `args` the arguments only.
 * https://kubernetes.io/docs/tasks/inject-data-application/define-command-argument-container/
 */
export function calculateCommand(
  container: Container,
  image: Pick<ImageInfo, 'entrypoint' | 'command'>,
  environment: Readonly<Record<string, string>>,
): readonly string[] {
  const expand = (words: readonly string[] | undefined): readonly string[] =>
    (words ?? []).map((word) =>
      expandReferences(word, (name) => (Object.hasOwn(environment, name) ? environment[name] : undefined)),
    );
  const command = expand(container.command);
  const args = expand(container.args);
  if (command.length > 0) return [...command, ...args];
  return [...image.entrypoint, ...(args.length > 0 ? args : image.command)];
}
