/** What people asked of an Application that had the same name before this one. */
import type { KubeObject } from '@slipway/kube/object';
import type { Application } from './api/application.ts';

/**
 * It names no uid, and nobody may have been there to answer it: what is older than the Application was asked of another. Both
 * times are of the API server, to the second.
 */
export function isOfFormer({ metadata }: KubeObject, application: Application): boolean {
  const { creationTimestamp: asked } = metadata;
  const { creationTimestamp: created } = application.metadata;
  return asked !== undefined && created !== undefined && Date.parse(asked) < Date.parse(created);
}
