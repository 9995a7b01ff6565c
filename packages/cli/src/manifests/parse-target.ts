import { usageFailure } from '../failure.ts';

export interface Target {
  /** Undefined: the cluster that the other options name. */
  readonly context: string | undefined;
  readonly namespace: string;
}

/** `staging/shop` or `shop`. A context may have slashes in its name, and a namespace has none. */
export function parseTarget(text: string): Target {
  const slash = text.lastIndexOf('/');
  const context = slash < 0 ? undefined : text.slice(0, slash);
  const namespace = text.slice(slash + 1);
  if (context !== '' && /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(namespace)) return { context, namespace };
  throw usageFailure(
    `--to ${text}: expected CONTEXT/NAMESPACE, such as production/shop, or NAMESPACE alone for one of the same cluster`,
  );
}
