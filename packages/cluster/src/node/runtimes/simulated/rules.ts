/** What annotations of a pod make a simulated container do. All are optional. */
const prefix = 'simulated.slipway.dev/';

export const simulatedAnnotations = {
  /** Milliseconds from the start of a container until it serves. */
  readyAfter: `${prefix}ready-after-ms`,
  /** `false`: readiness probes fail from now on. */
  ready: `${prefix}ready`,
  /** Milliseconds from the start of a container until it ends by itself. */
  exitAfter: `${prefix}exit-after-ms`,
  /** Of a container that ends by itself; 0 if absent. */
  exitCode: `${prefix}exit-code`,
  /** `true`: the image is not found. A text: the message. */
  failImage: `${prefix}fail-image`,
  /** Milliseconds from SIGTERM until a container ends. */
  stopAfter: `${prefix}stop-after-ms`,
  /** The body that every request through `pods/proxy` gets. */
  health: `${prefix}health`,
  /** The status of that answer; 200 if absent. */
  healthStatus: `${prefix}health-status`,
} as const;

type Annotations = Readonly<Record<string, string>> | undefined;

export interface SimulatedRules {
  readonly readyAfter: number;
  readonly ready: boolean;
  readonly exitAfter: number | undefined;
  readonly exitCode: number;
  readonly stopAfter: number;
  readonly health: string;
  readonly healthStatus: number;
}

export function parseRules(annotations: Annotations): SimulatedRules {
  const number = (name: string): number | undefined => {
    const text = annotations?.[name];
    const value = text === undefined ? Number.NaN : Number(text);
    return Number.isFinite(value) && value >= 0 ? value : undefined;
  };
  return {
    readyAfter: number(simulatedAnnotations.readyAfter) ?? 0,
    ready: annotations?.[simulatedAnnotations.ready] !== 'false',
    exitAfter: number(simulatedAnnotations.exitAfter),
    exitCode: number(simulatedAnnotations.exitCode) ?? 0,
    stopAfter: number(simulatedAnnotations.stopAfter) ?? 0,
    health: annotations?.[simulatedAnnotations.health] ?? 'ok',
    healthStatus: number(simulatedAnnotations.healthStatus) ?? 200,
  };
}

/** Why starting fails; undefined if it does not. */
export function imageFailure(annotations: Annotations, image: string): string | undefined {
  const text = annotations?.[simulatedAnnotations.failImage];
  if (text === undefined || text === 'false') return undefined;
  return text === 'true'
    ? `image "${image}" is not found, as the annotation ${simulatedAnnotations.failImage} says`
    : text;
}
