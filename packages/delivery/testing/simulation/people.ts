/** What people do. */
import { formatTime } from '@slipway/kube/clock';
import type { ApplicationSpec } from '../../src/api/application.ts';
import type { Verb } from '../../src/api/release-command.ts';
import {
  application,
  configMap,
  foregroundFinalizer,
  isBeingDeleted,
  isGone,
  newApplication,
  versioned,
  type World,
} from './world.ts';

export function ask(world: World, verb: Verb): World {
  const metadata = { name: `${verb}-${world.revision}`, creationTimestamp: formatTime(world.now) };
  return {
    ...world,
    revision: world.revision + 1,
    commands: [...world.commands, { metadata, spec: { application, verb } }],
  };
}

/** `kubectl delete`, with `--cascade=foreground` or without. */
export function deleteApplication(world: World, foreground: boolean): World {
  const { metadata } = world.application;
  if (isBeingDeleted(world.application)) return world;
  const finalizers = [...(metadata.finalizers ?? []), ...(foreground ? [foregroundFinalizer] : [])];
  const [written, revision] = versioned(world, {
    ...world.application,
    metadata: { ...metadata, finalizers, deletionTimestamp: formatTime(world.now) },
  });
  return { ...world, revision, application: written };
}

/**
 * `kubectl apply` of the manifest as it was: where the Application is gone, of another one with its name. Nobody is so quick as
 * to do that in the same second.
 */
export function applyAgain(world: World): World {
  if (!isGone(world.application)) return world;
  const next: World = { ...world, now: world.now + 1_000, agreed: new Set() };
  const [written, revision] = versioned(next, newApplication(world.application.spec, next));
  return { ...next, revision, application: written };
}

/** What a person applies: the spec, in a new generation. */
export function changeSpec(world: World, change: Partial<ApplicationSpec>): World {
  const { metadata, spec } = world.application;
  if (isGone(world.application)) return world;
  const [written, revision] = versioned(world, {
    ...world.application,
    metadata: { ...metadata, generation: (metadata.generation ?? 0) + 1 },
    spec: changed(spec, change),
  });
  return { ...world, revision, application: written };
}

type Family = Map<string, ApplicationSpec>;

/** Of a spec: all that differ from it in what people change, by that. */
const families = new WeakMap<ApplicationSpec, Family>();

/** One object for all that say the same, in whichever history: what is derived from a spec is derived once. */
function changed(spec: ApplicationSpec, change: Partial<ApplicationSpec>): ApplicationSpec {
  const next = { ...spec, ...change };
  const family = families.get(spec) ?? new Map([[familyKey(spec), spec]]);
  const known = family.get(familyKey(next)) ?? next;
  family.set(familyKey(next), known);
  families.set(spec, family);
  families.set(known, family);
  return known;
}

function familyKey({ template, replicas, paused = false, strategy, route, dependsOn }: ApplicationSpec): string {
  return `${dependsOn?.join()} ${route?.through} ${template?.spec?.containers[0]?.image} ${replicas} ${paused} ${JSON.stringify(strategy)}`;
}

const templates = new Map<string, NonNullable<ApplicationSpec['template']>>();

/** One object an image: what is derived from it is derived once. */
export function templateOf(image: string): NonNullable<ApplicationSpec['template']> {
  const env = [{ name: 'COLOUR', valueFrom: { configMapKeyRef: { name: configMap.name, key: 'colour' } } }];
  const template = templates.get(image) ?? { spec: { containers: [{ name: 'web', image, env }] } };
  templates.set(image, template);
  return template;
}

/** What a person changes in the ConfigMap. */
export function configure(world: World, configuration: string): World {
  return { ...world, configuration };
}
