import type { Container, Job, Pod, PodSpec } from '@slipway/kube/api.generated';
import { controllerReference } from '@slipway/kube/owner-references';
import { jobs } from '@slipway/kube/resources';
import {
  completionIndexAnnotation,
  failureCountAnnotation,
  failureCountOf,
  ignoredFailureCountAnnotation,
  ignoredFailureCountOf,
  isIndexed,
  trackingFinalizer,
} from './job-pods.ts';
import { judgeFailure } from './pod-failure-policy.ts';

const indexVariable = 'JOB_COMPLETION_INDEX';
/** What the API server leaves of a generated name, less the five characters that it adds. */
const maximumPrefix = 58;

export interface Attempt {
  /** Undefined where pods are alike. */
  readonly index: number | undefined;
  /** The attempt before at the same index. */
  readonly lastFailed: Pod | undefined;
}

export function podForJob(job: Job, attempt: Attempt): Pod {
  const template = job.spec?.template;
  const { labels, annotations, finalizers = [] } = template?.metadata ?? {};
  const own = isIndexed(job)
    ? indexed(job, attempt)
    : { generateName: `${job.metadata.name ?? ''}-`, marks: {}, failures: {} };
  return {
    metadata: {
      generateName: own.generateName,
      namespace: job.metadata.namespace,
      labels: { ...labels, ...own.marks },
      annotations: { ...annotations, ...own.marks, ...own.failures },
      finalizers: [...finalizers.filter((each) => each !== trackingFinalizer), trackingFinalizer],
      ownerReferences: [controllerReference(job, jobs)],
    },
    spec: template?.spec === undefined ? undefined : specOf(job, template.spec, attempt),
  };
}

interface IndexedParts {
  readonly generateName: string;
  /** Label and annotation alike. */
  readonly marks: Readonly<Record<string, string>>;
  readonly failures: Readonly<Record<string, string>>;
}

function indexed(job: Job, { index = 0, lastFailed }: Attempt): IndexedParts {
  const suffix = `-${index}-`;
  return {
    generateName: `${(job.metadata.name ?? '').slice(0, maximumPrefix - suffix.length)}${suffix}`,
    marks: { [completionIndexAnnotation]: String(index) },
    failures: job.spec?.backoffLimitPerIndex === undefined ? {} : failuresAfter(job, lastFailed),
  };
}

/** The failures of an index are counted from pod to pod. */
function failuresAfter(job: Job, lastFailed: Pod | undefined): Readonly<Record<string, string>> {
  if (lastFailed === undefined) return { [failureCountAnnotation]: '0' };
  const isIgnored = judgeFailure(lastFailed, job).action === 'Ignore';
  const [counted, ignored] = [failureCountOf(lastFailed), ignoredFailureCountOf(lastFailed)];
  return {
    [failureCountAnnotation]: String(isIgnored ? counted : counted + 1),
    ...(isIgnored || ignored > 0 ? { [ignoredFailureCountAnnotation]: String(isIgnored ? ignored + 1 : ignored) } : {}),
  };
}

function specOf(job: Job, spec: PodSpec, { index }: Attempt): PodSpec {
  if (index === undefined) return spec;
  return {
    ...spec,
    hostname: `${job.metadata.name ?? ''}-${index}`,
    containers: spec.containers.map(withIndexVariable),
    ...(spec.initContainers === undefined ? {} : { initContainers: spec.initContainers.map(withIndexVariable) }),
  };
}

function withIndexVariable(container: Container): Container {
  if (container.env?.some(({ name }) => name === indexVariable) === true) return container;
  const fieldPath = `metadata.labels['${completionIndexAnnotation}']`;
  return {
    ...container,
    env: [...(container.env ?? []), { name: indexVariable, valueFrom: { fieldRef: { fieldPath } } }],
  };
}
