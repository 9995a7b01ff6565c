import type { Application } from '@slipway/delivery/api/application';
import type { Container } from '@slipway/kube/api.generated';
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

/**
 * What the command line says cannot be done with what the manifests hold: to be left out in silence it was not said.
 * `path` is where they were read from.
 */
export function checkChanges(objects: readonly KubeObject[], changes: ApplicationChanges, path: string): void {
  const given = namesOf(changes);
  const found = objects.filter(isApplication);
  if (given.length > 0 && found.length === 0)
    throw usageFailure(
      `${given.join(' and ')} ${given.length === 1 ? 'is' : 'are'} for an Application, and ${path} holds none.\n` +
        `Name a manifest that has one, or leave ${given.length === 1 ? 'it' : 'them'} out.`,
    );
  if (changes.image.length > 0 && found.length > 1)
    throw usageFailure(
      `--image is for the containers of one Application, and ${path} holds ${found.length}: ${found.map(({ metadata }) => metadata.name).join(', ')}.\n` +
        'Deploy the manifest of one of them, or write the images into the manifests.',
    );
  const containers = changes.image.map((pair) => splitPair(pair)[0]);
  const twice = containers.find((name, index) => containers.indexOf(name) !== index);
  if (twice !== undefined)
    throw usageFailure(`--image ${twice}=... is given twice: expected one image for each container`);
}

function namesOf({ version, image, strategy }: ApplicationChanges): readonly string[] {
  const options = { '--version': version, '--image': image[0], '--strategy': strategy };
  return Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [name]));
}

/** What of the manifest is left out because the command line asks for another strategy: a sentence each. */
export function describeDropped({ metadata, spec }: Application, { strategy }: ApplicationChanges): readonly string[] {
  const written = spec?.strategy;
  if (strategy === undefined || written === undefined) return [];
  return Object.entries(written)
    .filter(([key]) => key !== 'type' && key !== strategy)
    .map(
      ([key, parameters]) =>
        `--strategy ${strategy}: what ${metadata.name ?? ''} says in spec.strategy.${key} (${listOf(parameters)}) is not used.`,
    );
}

function listOf(parameters: unknown): string {
  return typeof parameters === 'object' && parameters !== null ? Object.keys(parameters).join(', ') : 'nothing';
}

/** What the command line says of version, images and strategy stands above the manifest. */
export function withChanges(application: Application, changes: ApplicationChanges): Application {
  const { spec } = application;
  if (typeof spec !== 'object') return application;
  const { version } = changes;
  return {
    ...application,
    spec: {
      ...spec,
      ...(version === undefined ? {} : { version }),
      ...withImages(application, changes.image),
      ...withStrategy(application, changes.strategy),
    },
  };
}

/** With the parameters that the manifest has for it; another type has no use for those of this one. */
function withStrategy(
  { metadata, spec: { strategy: written } }: Application,
  type: string | undefined,
): Pick<Application['spec'], 'strategy'> {
  if (type === undefined) return {};
  if (type === 'canary' && (written?.canary?.steps ?? []).length === 0)
    throw usageFailure(
      `--strategy canary: the manifest of ${metadata.name ?? ''} has no steps for it.\n` +
        'Write them into spec.strategy.canary.steps, such as: canary: { steps: [{ setWeight: 20 }, { pause: { seconds: 60 } }] }',
    );
  const parameters = Object.entries(written ?? {}).filter(([key]) => key === type);
  return { strategy: { type, ...Object.fromEntries(parameters) } };
}

function withImages({ metadata, spec }: Application, pairs: readonly string[]): Pick<Application['spec'], 'template'> {
  const { template } = spec;
  if (pairs.length === 0) return {};
  if (spec.workloadRef !== undefined)
    throw usageFailure(
      `--image: the template of the Application ${metadata.name ?? ''} is that of the Deployment ${spec.workloadRef.name}. Change it there: kubectl set image deployment/${spec.workloadRef.name} CONTAINER=IMAGE`,
    );
  const images = new Map(pairs.map(splitPair));
  const { containers = [], initContainers } = template?.spec ?? {};
  const all = [...containers, ...(initContainers ?? [])];
  const unknown = [...images.keys()].find((name) => !all.some((container) => container.name === name));
  if (template?.spec === undefined || unknown !== undefined)
    throw usageFailure(
      `--image ${unknown ?? ''}=...: the Application ${metadata.name ?? ''} has no container named "${unknown ?? ''}", it has: ${all.map(({ name }) => name).join(', ') || '(none)'}`,
    );
  const changed = <T extends Container>(list: readonly T[]): readonly T[] =>
    list.map((container) => {
      const image = images.get(container.name);
      return image === undefined ? container : { ...container, image };
    });
  const changedToo = initContainers === undefined ? {} : { initContainers: changed(initContainers) };
  return { template: { ...template, spec: { ...template.spec, containers: changed(containers), ...changedToo } } };
}

function splitPair(pair: string): [string, string] {
  const equals = pair.indexOf('=');
  return [pair.slice(0, equals), pair.slice(equals + 1)];
}
