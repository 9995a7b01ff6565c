/** What the picture of the traffic shows, and where. Pure. */
import type { PodSummary, Traffic } from '../api/answers.ts';

export type Role = 'serving' | 'candidate' | 'other';

export interface VersionNode {
  readonly version: string;
  readonly role: Role;
  /** Percent of the traffic. */
  readonly weight: number;
  readonly pods: readonly PodDot[];
  readonly ready: number;
  /** Requests a second, the share of 5xx from 0 to 1, and seconds at the 95th percentile; absent where nobody counts. */
  readonly rate?: number | undefined;
  readonly errorShare?: number | undefined;
  readonly p95?: number | undefined;
}

export type PodState = 'serving' | 'ready' | 'starting' | 'failing' | 'ending';

export interface PodDot {
  readonly name: string;
  readonly state: PodState;
}

export interface PictureInput {
  readonly split: Readonly<Record<string, number>>;
  readonly serving?: string | undefined;
  readonly candidate?: string | undefined;
  readonly pods: readonly PodSummary[];
  readonly traffic?: Traffic | undefined;
}

/** What serves first, what comes last, and between them whatever else has pods or a share. */
export function describeVersions({ split, serving, candidate, pods, traffic }: PictureInput): readonly VersionNode[] {
  const own = pods.filter(({ hook }) => hook === undefined);
  const shared = Object.keys(split).filter((version) => (split[version] ?? 0) > 0);
  const named = [serving, ...shared, ...own.map(({ version }) => version), candidate];
  const versions = [...new Set(named.filter((version) => version !== undefined))];
  const rank = (version: string): number => (version === serving ? 0 : version === candidate ? 2 : 1);
  return versions
    .toSorted((one, other) => rank(one) - rank(other))
    .map((version) => {
      const ofVersion = own.filter((pod) => pod.version === version);
      const point = traffic?.versions.find((each) => each.version === version)?.points.at(-1);
      return {
        version,
        role: version === serving ? 'serving' : version === candidate ? 'candidate' : 'other',
        weight: split[version] ?? 0,
        pods: ofVersion.map((pod) => ({ name: pod.name, state: stateOfPod(pod, split[version]) })),
        ready: ofVersion.filter(({ ready }) => ready).length,
        ...(point === undefined
          ? {}
          : { rate: point.rate, errorShare: point.rate === 0 ? 0 : point.errorRate / point.rate, p95: point.p95 }),
      };
    });
}

/** Of a version that has `weight` percent of what the gateway leads to it beside the Service. */
export function stateOfPod({ phase, ready, serves, reasons, restarts }: PodSummary, weight = 0): PodState {
  if (phase === 'Terminating' || phase === 'Succeeded') return 'ending';
  if (phase === 'Failed') return 'failing';
  if (ready) return serves || weight > 0 ? 'serving' : 'ready';
  return restarts > 0 || reasons.some((reason) => /BackOff|Err|exit code/.test(reason)) ? 'failing' : 'starting';
}

export interface Band {
  readonly version: string;
  readonly role: Role;
  /** An outline, and the line in its middle. */
  readonly outline: string;
  readonly middle: string;
  readonly thickness: number;
}

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface PictureLayout {
  readonly height: number;
  readonly gateway: Box;
  readonly boxes: readonly Box[];
  readonly bands: readonly Band[];
}

const rowHeight = 92;
const rowGap = 14;
const thickest = 46;
const thinnest = 2;

/** Boxes for the versions below each other, and bands to them that are as thick as their share. */
export function layOutPicture(nodes: readonly VersionNode[], width: number): PictureLayout {
  const isNarrow = width < 620;
  const gateway = isNarrow ? 74 : 132;
  const space = isNarrow ? 44 : Math.min(260, width * 0.24);
  const rows = Math.max(1, nodes.length);
  const height = rows * rowHeight + (rows - 1) * rowGap;
  const left = gateway + space;
  const boxes = nodes.map((_, index) => ({
    left,
    top: index * (rowHeight + rowGap),
    width: width - left,
    height: rowHeight,
  }));
  const flowing = nodes.map(({ weight }) => (weight <= 0 ? 0 : Math.max(thinnest, (weight / 100) * thickest)));
  const whole = flowing.reduce((sum, each) => sum + each, 0);
  let start = height / 2 - whole / 2;
  const bands = nodes.flatMap(({ version, role }, index) => {
    const thickness = flowing[index] ?? 0;
    const box = boxes[index];
    if (thickness === 0 || box === undefined) return [];
    const from = start;
    start += thickness;
    const to = box.top + box.height / 2 - thickness / 2;
    return [{ version, role, thickness, ...drawBand({ from, to, thickness, left: gateway, right: left }) }];
  });
  return { height, gateway: { left: 0, top: height / 2 - 42, width: gateway, height: 84 }, boxes, bands };
}

interface BandPlace {
  readonly from: number;
  readonly to: number;
  readonly thickness: number;
  readonly left: number;
  readonly right: number;
}

function drawBand({ from, to, thickness, left, right }: BandPlace): {
  readonly outline: string;
  readonly middle: string;
} {
  const turn = (left + right) / 2;
  const curve = (begin: number, end: number): string => `C${turn} ${begin} ${turn} ${end} ${right} ${end}`;
  const back = `C${turn} ${to + thickness} ${turn} ${from + thickness} ${left} ${from + thickness}`;
  return {
    outline: `M${left} ${from}${curve(from, to)}V${to + thickness}${back}Z`,
    middle: `M${left} ${from + thickness / 2}${curve(from + thickness / 2, to + thickness / 2)}`,
  };
}

/** For who does not see the picture. */
export function describePicture(nodes: readonly VersionNode[]): string {
  const sentences = nodes.map(
    ({ version, weight, ready, pods }) =>
      `version ${version} takes ${weight} % with ${ready} of ${pods.length} pods ready`,
  );
  return sentences.length === 0 ? 'No version runs.' : `The gateway leads requests: ${sentences.join('; ')}.`;
}

/** `1.2 k`, `340`, `8.5`, `0` */
export function formatRate(rate: number): string {
  if (rate >= 1_000) return `${Math.round(rate / 100) / 10} k`;
  return String(rate >= 100 ? Math.round(rate) : Math.round(rate * 10) / 10);
}

/** Seconds as people read them. */
export function formatLatency(seconds: number): string {
  return seconds >= 1 ? `${Math.round(seconds * 10) / 10} s` : `${Math.round(seconds * 10_000) / 10} ms`;
}
