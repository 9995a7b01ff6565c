/** The Application that a history begins with. */
import type { ApplicationSpec } from '../src/api/application.ts';
import type { HookJob, Hooks, HookWebhook } from '../src/api/hook.ts';
import type { Check } from '../src/api/check.ts';
import type { History } from './history.ts';
import { templateOf } from './simulation/people.ts';

/** Named by a step where there is one, and watched beside it elsewhere; the guard holds both. */
const errors: Check = {
  name: 'errors',
  provider: { web: { url: 'https://metrics.test/errors', jsonPath: '$.rate' } },
  successWhen: 'value < 0.1',
  interval: '2s',
  count: 2,
};
const latency: Check = { ...errors, name: 'latency', failureLimit: 1, count: 3, when: ['release'] };

const job: HookJob = { template: { spec: { containers: [{ name: 'hook', image: 'hook' }] } } };
const webhook: HookWebhook = { url: 'https://hooks.test/told' };

/** Of each time, and of both kinds. */
const hooks: Hooks = {
  beforeRelease: [{ name: 'migrate', job, timeoutSeconds: 20, everyAttempt: true }],
  beforePromotion: [
    { name: 'warm', webhook, timeoutSeconds: 10 },
    { name: 'verify', job, timeoutSeconds: 20, everyAttempt: true },
  ],
  afterPromotion: [{ name: 'tell', webhook, timeoutSeconds: 10, retries: 1 }],
  onRollback: [{ name: 'restore', job, timeoutSeconds: 20 }],
};

/** Beside whatever else there is to be done: one that is waited for as long as it takes, and one that is not. */
const approvals: Hooks = {
  beforeRelease: [{ name: 'agree', approval: {} }],
  beforePromotion: [{ name: 'confirm', approval: {}, timeoutSeconds: 60 }],
};

function hooksOf({ hooked = false, approved = false }: History): Hooks | undefined {
  if (!hooked && !approved) return undefined;
  if (!approved) return hooks;
  if (!hooked) return approvals;
  const { beforeRelease = [], beforePromotion = [] } = approvals;
  return {
    ...hooks,
    beforeRelease: [...beforeRelease, ...(hooks.beforeRelease ?? [])],
    beforePromotion: [...(hooks.beforePromotion ?? []), ...beforePromotion],
  };
}

/** A preview is reached by a route only, and so are sessions; where there is none, none are asked for. */
export function fittingStrategy(strategy: History['strategy'], routed: boolean): History['strategy'] {
  if (!routed && strategy.type === 'recreate') return { type: 'recreate' };
  if (!routed && strategy.type === 'rainbow') return { type: 'rolling' };
  const { previewHosts: _, ...blueGreen } = strategy.blueGreen ?? {};
  return routed || strategy.blueGreen === undefined ? strategy : { ...strategy, blueGreen };
}

const specs = new WeakMap<History['strategy'], Map<string, ApplicationSpec>>();

/** One object for all histories that begin with the same. */
export function specOf(history: History): ApplicationSpec {
  const { strategy, routed, replicas, hooked = false, approved = false, unasked = false } = history;
  const known = specs.get(strategy) ?? new Map<string, ApplicationSpec>();
  specs.set(strategy, known);
  const key = `${routed} ${replicas} ${hooked} ${approved} ${unasked}`;
  const spec = known.get(key) ?? createSpec(history);
  known.set(key, spec);
  return spec;
}

function createSpec(history: History): ApplicationSpec {
  const asked = hooksOf(history);
  return {
    replicas: history.replicas,
    strategy: fittingStrategy(history.strategy, history.routed),
    template: templateOf('a'),
    service: { ports: [{ port: 80 }] },
    ...(history.unasked === true ? {} : { healthCheck: { path: '/health', timeoutSeconds: 10 } }),
    checks: [errors, latency],
    progressDeadlineSeconds: 40,
    guardSeconds: 5,
    drainSeconds: 2,
    keepFailedSeconds: 1,
    ...(asked === undefined ? {} : { hooks: asked }),
    ...(history.routed ? { route: { hosts: ['shop'], handoverSeconds: 5 } } : {}),
  };
}
