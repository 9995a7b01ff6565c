import type { Application } from '@slipway/delivery/api/application';
import type { KubeObject } from '@slipway/kube/object';
import { usageFailure } from '../failure.ts';

/** What the command line says of an Application. */
export interface ApplicationChanges {
  readonly version?: string | undefined;
  /** `CONTAINER=IMAGE` */
  readonly image: readonly string[];
  readonly strategy?: string | undefined;
}

export function isApplication(object: KubeObject): object is Application {
  return object.kind === 'Application' && (object.apiVersion ?? '').startsWith('slipway.dev/');
}

/** What the command line says of version, images and strategy stands above the manifest. */
export function withChanges(application: Application, changes: ApplicationChanges): Application {
  const { spec } = application;
  if (typeof spec !== 'object') return application;
  const { version, strategy } = changes;
  return {
    ...application,
    spec: {
      ...spec,
      ...(version === undefined ? {} : { version }),
      ...withImages(application, changes.image),
      // Another type has no use for the parameters of this one.
      ...(strategy === undefined || spec.strategy?.type === strategy ? {} : { strategy: { type: strategy } }),
    },
  };
}

function withImages({ metadata, spec }: Application, pairs: readonly string[]): Pick<Application['spec'], 'template'> {
  const { template } = spec;
  if (pairs.length === 0) return {};
  const images = new Map(pairs.map(splitPair));
  const containers = template?.spec?.containers ?? [];
  const unknown = [...images.keys()].find((name) => !containers.some((container) => container.name === name));
  if (template?.spec === undefined || unknown !== undefined)
    throw usageFailure(
      `--image ${unknown ?? ''}=...: the Application ${metadata.name ?? ''} has no container named "${unknown ?? ''}", it has: ${containers.map(({ name }) => name).join(', ') || '(none)'}`,
    );
  const changed = containers.map((container) => {
    const image = images.get(container.name);
    return image === undefined ? container : { ...container, image };
  });
  return { template: { ...template, spec: { ...template.spec, containers: changed } } };
}

function splitPair(pair: string): [string, string] {
  const equals = pair.indexOf('=');
  return [pair.slice(0, equals), pair.slice(equals + 1)];
}
