import type { EventRecorder } from '@slipway/kube/event-recorder';
import { recorderFor, type ControllerContext } from './controller-context.ts';
import { OwnWrites } from '@slipway/kube/own-writes';

/** What a controller works with that watches what it writes and tells of it in events. */
export interface ControllerParts {
  readonly context: ControllerContext;
  readonly writes: OwnWrites;
  readonly events: EventRecorder;
}

/** `component` is who its events come from. */
export function partsFor(context: ControllerContext, component: string): ControllerParts {
  return { context, writes: new OwnWrites(context.clock), events: recorderFor(context, component) };
}
