/** The Job of a hook. Nobody that serves owns it: it goes with the history. */
import type { Container, EnvVar, Job, PodTemplateSpec } from '@slipway/kube/api.generated';
import type { Hook, HookJob } from '../api/hook.ts';
import type { Release } from '../api/release.ts';
import { annotations, labels } from '../names.ts';
import { ownMetadata } from '../version-objects.ts';
import type { HookFacts, HookRun } from './hook-run.ts';

export const defaultJobSeconds = 600;

export function hookJob(release: Release, { hook, attempt, key }: HookRun, facts: HookFacts): Job | undefined {
  if (hook.job === undefined) return undefined;
  const own = ownMetadata(release);
  return {
    metadata: {
      name: key,
      namespace: release.metadata.namespace,
      labels: { ...own.labels, [labels.hook]: hook.name },
      annotations: { ...own.annotations, [annotations.attempt]: String(attempt) },
    },
    spec: {
      backoffLimit: hook.retries ?? 0,
      activeDeadlineSeconds: jobSeconds(hook),
      template: podTemplate(hook.job, hook.name, environmentOf(facts)),
    },
  };
}

export function jobSeconds({ timeoutSeconds = defaultJobSeconds }: Hook): number {
  return timeoutSeconds;
}

/** Its pods are none of the Application's: they carry no label by which those are counted, reached or removed. */
function podTemplate({ template }: HookJob, hook: string, environment: readonly EnvVar[]): PodTemplateSpec {
  const { containers = [], initContainers } = template.spec ?? {};
  const given = (container: Container): Container => withEnvironment(container, environment);
  return {
    metadata: { ...template.metadata, labels: { ...template.metadata?.labels, [labels.hook]: hook } },
    spec: {
      restartPolicy: 'Never',
      ...template.spec,
      containers: containers.map(given),
      ...(initContainers === undefined ? {} : { initContainers: initContainers.map(given) }),
    },
  };
}

function withEnvironment(container: Container, environment: readonly EnvVar[]): Container {
  const own = new Set((container.env ?? []).map(({ name }) => name));
  return { ...container, env: [...environment.filter(({ name }) => !own.has(name)), ...(container.env ?? [])] };
}

function environmentOf(facts: HookFacts): readonly EnvVar[] {
  return [
    { name: 'APPLICATION', value: facts.application },
    { name: 'VERSION', value: facts.version },
    { name: 'STABLE_VERSION', value: facts.stableVersion },
    { name: 'RELEASE', value: facts.release },
    { name: 'ATTEMPT', value: String(facts.attempt) },
    { name: 'CANDIDATE_URL', value: facts.candidateUrl },
  ];
}
