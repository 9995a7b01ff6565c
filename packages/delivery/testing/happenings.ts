/** What each happening makes of the world. */
import { validateRouter } from '../src/routers/validate-router.ts';
import type { Happening, History } from './history.ts';
import { fittingStrategy } from './spec-of-history.ts';
import { arrive, forgetting, look, round, runSizes, type Run } from './looks.ts';
import { dependenciesOf } from './group.ts';
import { isTrying } from './refusals.ts';
import { removePod, runEndpoints, setReady } from './simulation/controllers.ts';
import { autoscale, evict, removeByHand } from './simulation/hands.ts';
import { changeGateway, runGateway, stopGateway } from './simulation/gateways.ts';
import { followPods } from './simulation/endpoints.ts';
import { endJob } from './simulation/hook-effects.ts';
import { approve } from './simulation/approvals.ts';
import { cutGateway, reconnectGateway } from './simulation/partitions.ts';
import { applyAgain, ask, changeSpec, configure, deleteApplication, templateOf } from './simulation/people.ts';
import { changeRouter } from './simulation/router-changes.ts';
import { visit } from './simulation/sessions.ts';
import type { Gateway, World } from './simulation/world.ts';

export const second = 1_000;

export function later(world: World, milliseconds: number): World {
  return { ...world, now: world.now + milliseconds };
}

export function happen(run: Run, event: Happening): World {
  const { world } = run;
  switch (event.type) {
    case 'round':
      return later(round(run).world, second);
    case 'look':
      return look(run, event).world;
    case 'arrive':
      return arrive(run);
    case 'restart':
      return forgetting(world);
    case 'clock':
      return { ...world, skew: world.skew + event.seconds * second };
    case 'wait':
      return later(world, event.seconds * second);
    case 'replicaSets':
      return runSizes(run);
    case 'endpoints':
      return runEndpoints(world);
    case 'gateway':
      return runGateway(world, event.index ?? 0);
    case 'gatewayDies':
      return stopGateway(world, event.index ?? 0);
    case 'gatewayReturns':
      return changeGateway(world, event.index ?? 0, {
        isAlive: true,
        isStuck: false,
        isLagging: false,
        isRefusing: false,
      });
    case 'gatewayIsCut':
      return withGateway(world, event.index, cutGateway);
    case 'gatewayReconnects':
      return withGateway(world, event.index, reconnectGateway);
    case 'slicesLag':
      return { ...world, slicedPods: world.slicedPods ?? world.pods };
    case 'slicesFollow':
      return followPods(world);
    case 'gatewaySticks':
      return changeGateway(world, event.index ?? 0, { isStuck: true });
    case 'gatewayLags':
      return changeGateway(world, event.index ?? 0, { isLagging: true });
    case 'gatewayFollows':
      return runGateway(changeGateway(world, event.index ?? 0, { isLagging: false }), event.index ?? 0);
    case 'gatewayRefuses':
      return changeGateway(world, event.index ?? 0, { isRefusing: true });
    case 'ready':
    case 'unready':
      return setReady(world, event.pod, event.type === 'ready');
    case 'allUnready':
      return world.pods.reduce((all, _, index) => setReady(all, index, false), world);
    case 'die':
      return removePod(world, event.pod);
    case 'evict':
      return evict(world, event.pod);
    case 'removed':
      if (event.kind === 'release') run.refusals.reasons += 1;
      return removeByHand(world, event.kind, event.index);
    case 'job':
      return endJob(world, event.index, event.end);
    case 'approve':
      return approve(world, event);
    case 'webhook':
      return { ...world, webhook: event.answers };
    case 'autoscale': {
      const replicas = autoscale(world, event.factor);
      return replicas === undefined ? world : changeSpec(world, { replicas });
    }
    case 'deploy':
      return deploy(run, event.image);
    case 'replicas':
      return changeSpec(world, { replicas: event.count });
    case 'pause':
      return changeSpec(world, { paused: event.paused });
    case 'configure':
      if (world.configuration !== event.content) run.refusals.reasons += 1;
      return configure(world, event.content);
    case 'command':
      if (isTrying(event.verb)) run.refusals.reasons += 1;
      return ask(world, event.verb);
    case 'visit':
      return visit(world, event);
    case 'delete':
      return deleteApplication(world, event.foreground);
    case 'apply':
      run.refusals.reasons += 1;
      return applyAgain(world);
    case 'through':
      return changeRouter(world, event.router);
    case 'strategy':
      run.refusals.reasons += 1;
      return changeStrategy(world, event.strategy);
    case 'depend':
      return changeSpec(world, { dependsOn: dependenciesOf(event.of ?? 0, event.on) });
    case 'regroup':
      // It befalls no Application: what becomes of it is for those that are released together.
      return world;
  }
}

function withGateway(
  world: World,
  index: number | undefined,
  change: (gateway: Gateway, now: number) => Partial<Gateway>,
): World {
  const gateway = world.gateways[(index ?? 0) % world.gateways.length];
  return gateway === undefined ? world : changeGateway(world, index ?? 0, change(gateway, world.now));
}

/** What its router cannot do nobody asks for. */
function changeStrategy(world: World, asked: History['strategy']): World {
  const { spec } = world.application;
  const strategy = fittingStrategy(asked, spec.route !== undefined);
  return validateRouter({ ...spec, strategy }).length > 0 ? world : changeSpec(world, { strategy });
}

function deploy({ world, refusals }: Run, image: string): World {
  const template = templateOf(image);
  if (template !== world.application.spec.template) refusals.reasons += 1;
  return changeSpec(world, { template });
}
