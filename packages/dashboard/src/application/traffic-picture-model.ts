/** What the picture of the traffic shows, and where. Pure. */
import type { ListedPod, PodCounts, PodState, Traffic } from '../api/answers.ts';

export type Role = 'serving' | 'candidate' | 'other';

export interface VersionNode {
  readonly version: string;
  readonly role: Role;
  /** Percent of the traffic. */
  readonly weight: number;
  /** Of many pods as many as there is room for, those that are not well among them. */
  readonly dots: readonly PodDot[];
  readonly count: number;
  readonly ready: number;
  /** Requests a second, the share of 5xx from 0 to 1, and seconds at the 95th percentile; absent where nobody counts. */
  readonly rate?: number | undefined;
  readonly errorShare?: number | undefined;
  readonly p95?: number | undefined;
}

export interface PodDot {
  /** Of a few pods. */
  readonly name?: string | undefined;
  readonly state: PodState;
}

export interface PictureInput {
  readonly split: Readonly<Record<string, number>>;
  readonly serving?: string | undefined;
  readonly candidate?: string | undefined;
  /** Some of the pods, or all. */
  readonly pods: readonly ListedPod[];
  readonly counts: readonly PodCounts[];
  readonly traffic?: Traffic | undefined;
}

/** What serves first, what comes last, and between them whatever else has pods or a share. */
export function describeVersions({
  split,
  serving,
  candidate,
  pods,
  counts,
  traffic,
}: PictureInput): readonly VersionNode[] {
  const shared = Object.keys(split).filter((version) => (split[version] ?? 0) > 0);
  const named = [serving, ...shared, ...counts.map(({ version }) => version), candidate];
  const all = [...new Set(named.filter((version) => version !== undefined))];
  // Of what only ends there is nothing to see but that it ends: it gets what room there is.
  const lasting = all.filter((version) => {
    const states = counts.find((each) => each.version === version)?.states ?? noStates;
    return [serving, candidate, ...shared].includes(version) || countOf(states) > states.ending;
  });
  const versions = all.length > leastRows ? lasting : all;
  const rank = (version: string): number => (version === serving ? 0 : version === candidate ? 2 : 1);
  return versions
    .toSorted((one, other) => rank(one) - rank(other))
    .map((version) => {
      const states = counts.find((each) => each.version === version)?.states ?? noStates;
      const own = pods.filter((pod) => pod.hook === undefined && pod.version === version);
      const point = traffic?.versions.find((each) => each.version === version)?.points.at(-1);
      return {
        version,
        role: version === serving ? 'serving' : version === candidate ? 'candidate' : 'other',
        weight: split[version] ?? 0,
        dots: dotsOf(states, own),
        count: countOf(states),
        ready: states.serving + states.ready,
        ...(point === undefined
          ? {}
          : { rate: point.rate, errorShare: point.rate === 0 ? 0 : point.errorRate / point.rate, p95: point.p95 }),
      };
    });
}

/** As many as there are rows, without those first that neither serve nor come nor have a share: a row for each that has one. */
export function fitRows(nodes: readonly VersionNode[], rows: number): readonly VersionNode[] {
  const excess = nodes.length - Math.max(leastRows, rows);
  const passing = nodes.filter(({ role, weight }) => role === 'other' && weight === 0).slice(0, Math.max(0, excess));
  return nodes.filter((node) => !passing.includes(node));
}

const noStates: PodCounts['states'] = { failing: 0, starting: 0, ending: 0, ready: 0, serving: 0 };
/** How they stand beside each other: what is not well at the end, and what fails is never left out. */
const dotOrder = ['serving', 'ready', 'failing', 'starting', 'ending'] as const;
const maximumDots = 60;
/** Of them for pods that are not well, where there are too many. */
const unwellDots = 20;

function countOf(states: PodCounts['states']): number {
  return dotOrder.reduce((sum, state) => sum + states[state], 0);
}

/** With names where each of them is known. */
function dotsOf(states: PodCounts['states'], known: readonly ListedPod[]): readonly PodDot[] {
  const count = countOf(states);
  if (known.length === count && count <= maximumDots)
    return known.map(({ name, state }) => ({ name, state })).toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const dots = dotOrder.flatMap((state) =>
    Array.from({ length: Math.min(states[state], maximumDots) }, () => ({ state })),
  );
  const well = dots.filter(({ state }) => state === 'serving' || state === 'ready');
  const unwell = dots.slice(well.length);
  const shown = Math.max(maximumDots - unwell.length, Math.min(well.length, maximumDots - unwellDots));
  return [...well.slice(0, Math.max(0, shown)), ...unwell].slice(0, maximumDots);
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

const rowHeights = { wide: 92, narrow: 122 } as const;
const entranceHeights = { wide: 84, narrow: 98 } as const;
const rowGap = 14;
/** For a version that comes: nothing below moves when it does, or when the one before it goes. */
const leastRows = 2;
const thickest = 46;
const thinnest = 2;

/** Boxes for the versions below each other, and bands to them that are as thick as their share. */
export function layOutPicture(nodes: readonly VersionNode[], width: number): PictureLayout {
  const isNarrow = width < 620;
  const gateway = isNarrow ? 84 : 132;
  const space = isNarrow ? 34 : Math.min(260, width * 0.24);
  const rowHeight = isNarrow ? rowHeights.narrow : rowHeights.wide;
  const entrance = isNarrow ? entranceHeights.narrow : entranceHeights.wide;
  const heightOf = (rows: number): number => rows * rowHeight + (rows - 1) * rowGap;
  const height = heightOf(Math.max(leastRows, nodes.length));
  const top = (height - heightOf(Math.max(1, nodes.length))) / 2;
  const left = gateway + space;
  const boxes = nodes.map((_, index) => ({
    left,
    top: top + index * (rowHeight + rowGap),
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
  return { height, gateway: { left: 0, top: (height - entrance) / 2, width: gateway, height: entrance }, boxes, bands };
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
    ({ version, weight, ready, count }) => `version ${version} takes ${weight} % with ${ready} of ${count} pods ready`,
  );
  return sentences.length === 0 ? 'No version runs.' : `The gateway leads requests: ${sentences.join('; ')}.`;
}

/** `1.2 k`, `340`, `8.5`, `0` */
export function formatRate(rate: number): string {
  if (rate >= 1_000) return `${(rate / 1_000).toFixed(1)} k`;
  return rate.toFixed(1);
}

/** Seconds as people read them. */
export function formatLatency(seconds: number): string {
  return seconds >= 1 ? `${seconds.toFixed(1)} s` : `${(seconds * 1_000).toFixed(1)} ms`;
}
