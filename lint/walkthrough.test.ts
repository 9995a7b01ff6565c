/** The way of a person through Kubernetes, row by row, and the tests that go it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const e2e = (file: string, ...titles: readonly string[]) =>
  titles.map((title) => ({ file: `test/e2e/${file}`, title }));
const fast = (file: string, ...titles: readonly string[]) =>
  titles.map((title) => ({ file: `packages/${file}`, title }));
const alone = (...titles: readonly string[]) => e2e('walkthrough.test.ts', ...titles);
const withPods = (...titles: readonly string[]) => e2e('walkthrough-pods.test.ts', ...titles);
const byEach = e2e('kubectl-versions.test.ts', 'runs, looks into, rolls out and deletes pods');

/** How each row of a section begins, and its tests. */
const sections = {
  A: {
    'kubectl config view, kubectl get nodes': alone('config view, get nodes'),
    'kubectl get namespaces': alone('get namespaces'),
    'kubectl get namespace -o yaml': alone('get namespace -o yaml and -o json'),
    'kubectl describe namespace': alone('describe namespace'),
    'kubectl api-resources': alone('api-resources'),
    'kubectl explain': alone('explain'),
    'kubens, kubectx': alone('kubens, kubectx'),
  },
  B: {
    'kubectl apply -f -': withPods('apply -f - of a pod: created, and again unchanged'),
    'kubectl get pods': withPods('get pods while one starts, and after'),
    'kubectl describe pod': withPods('describe pod: its events in order, with their sources'),
    'kubectl exec': withPods('exec: a command, and a shell in a real terminal'),
    'kubectl port-forward pod': withPods('port-forward $through, and the log of what was asked'),
    'kubectl logs': [
      ...withPods('port-forward $through, and the log of what was asked'),
      ...e2e('pods/logs.ts', 'are chosen by container, length and time'),
    ],
    'kubectl cp, kubectl attach, kubectl top pod': byEach,
    'kubectl -n NS run curl': withPods('run -i --tty --rm: an interactive pod that is gone afterwards'),
    'statics/two-init-containers.yaml': e2e(
      'pods/init-containers.ts',
      'run one after the other, and then the others',
      'are tried again with restartPolicy OnFailure',
    ),
  },
  C: {
    'kubectl apply -f statics/deployment.yaml': alone('get deployments, service, pods, all'),
    'kubectl port-forward deployment': alone('port-forward to a Deployment and to a Service'),
    'in a pod: printenv': alone('in a pod: printenv, and HTTP to the Service'),
    'in a pod: HTTP': [
      ...alone('in a pod: printenv, and HTTP to the Service'),
      ...e2e(
        'network.test.ts',
        'spreads what a pod asks over the pods of a Service, and gives their addresses by a headless one',
        'tells pods what the names of Services stand for, whole and short, and of a headless one each pod',
      ),
    ],
    'kubectl delete pod': alone('delete pod: it is replaced at once'),
    'kubectl scale': alone('scale'),
    'an image that crashes': alone(
      'what crashes is restarted after growing delays',
      'logs of a Deployment with several pods names the one it took',
    ),
    'kubectl set env': alone('set env, set image, edit', 'patch --patch-file joins containers by name and rolls out'),
    'kubectl rollout status': alone('rollout history, undo, pause, resume, restart'),
    maxUnavailable: alone('a rollout of $replicas with maxUnavailable $maxUnavailable and maxSurge $maxSurge'),
  },
  E: {
    'services of type': e2e(
      'network.test.ts',
      'reaches a Service by its cluster IP and by the port of the node, also at 127.0.0.1, and spreads over its pods',
      'spreads what a pod asks over the pods of a Service, and gives their addresses by a headless one',
      'answers for a Service of type LoadBalancer where its status says',
    ),
    'kubectl apply -f cards/frontend-ingress.yaml': [
      ...e2e('network.test.ts', 'routes %s%s by host and path', 'says in the Ingress where it is served'),
      ...fast(
        'gateway/src/routing/build-routes.test.ts',
        'implementation-specific as prefix',
        'the default backend for what no path matches',
        'is redirected by the annotation of ingress-nginx',
      ),
      ...fast('gateway/src/gateway.test.ts', 'ends with the certificate of the host, from its Secret'),
    ],
  },
  F: {
    'cards/liveness-pod.yaml': [
      ...e2e('pods/probes.ts', 'of $kind replace a container that fails them'),
      ...e2e('pods/probes.ts', 'by $kind make ready long before the period is over'),
    ],
    'readiness, startup': e2e(
      'pods/probes.ts',
      'by $kind make ready long before the period is over',
      'say why not: $output',
      'of the start hold back all others',
      'of readiness take a pod out without ending it',
    ),
    'cards/oom-pod.yaml': e2e('pods/endings.ts', 'for want of memory says so'),
    'requests and limits': [
      ...fast('cluster/src/scheduler/choose-node.test.ts', 'takes a limit without a request for the request'),
      ...fast(
        'cluster/testing/program-runtime-contract.ts',
        'holds a container to its limit before its first instruction, or has said that it does not',
      ),
    ],
    SIGTERM: e2e(
      'pods/terminations.ts',
      'calls preStop before SIGTERM, and waits for neither longer than they take',
      'lets preStop and SIGTERM share the grace period, with 2 s for SIGTERM at least',
      'of the object does not wait for the program with --force',
    ),
    sidecars: [
      ...e2e('pods/init-containers.ts', 'with restartPolicy Always run beside the others and end after them'),
      ...e2e('pods/contents.ts', 'of an emptyDir are shared by the containers of a pod'),
    ],
    adapter: withPods('an adapter that lets some callers through, and an ambassador to the outside'),
    'kubectl get events': withPods('get events by the time at which they came'),
  },
} as const;

const all = Object.entries(sections).flatMap(([section, rows]) =>
  Object.entries(rows).flatMap(([row, tests]) => tests.map((test) => ({ section, row, ...test }))),
);

it.each(all)('$section, $row: there is a test "$title"', ({ file, title }) => {
  const text = readFileSync(join(root, file), 'utf8');
  expect(["'", '`', '"'].some((quote) => text.includes(`${quote}${title}${quote}`))).toBe(true);
});

/** The whole of it, where it lies beside the project. */
const walkthrough = join(root, '../shared/corpus/walkthrough.md');

/** The first cells of a section, as they read. */
function rowsOf(section: string): readonly string[] {
  const [, after = ''] = readFileSync(walkthrough, 'utf8').split(`\n## ${section}. `);
  const [text = ''] = after.split('\n## ');
  const cells = text.split('\n').flatMap((line) => /^\| (.*?) \|/.exec(line)?.[1] ?? []);
  return cells.slice(1).map((cell) => cell.replaceAll('`', ''));
}

if (existsSync(walkthrough))
  it.each(Object.entries(sections))('every row of section %s has its tests', (section, rows) => {
    const begun = Object.keys(rows);
    const named = rowsOf(section).map((row) => begun.find((words) => row.startsWith(words)) ?? `none for: ${row}`);
    expect(named).toEqual(begun);
  });
