import { useLayoutEffect, useRef, useState } from 'react';
import { formatPercent } from '../parts/shares.ts';
import { Version } from '../parts/small.tsx';
import { colourClass, type Colours } from '../parts/version-colours.ts';
import {
  describePicture,
  formatLatency,
  formatRate,
  layOutPicture,
  type Box,
  type VersionNode,
} from './traffic-picture-model.ts';

export interface TrafficPictureProps {
  readonly nodes: readonly VersionNode[];
  readonly colours: Colours;
  /** Where requests come in: a gateway, or the Service where no route leads from outside. */
  readonly entrance: string;
  readonly hosts: readonly string[];
}

const roleWords = { serving: 'serves', candidate: 'comes', other: 'stays' } as const;

/** Gateway, split, versions and pods, as they are now. */
export function TrafficPicture({ nodes, colours, entrance, hosts }: TrafficPictureProps) {
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = frame.current;
    if (element === null) return;
    setWidth(element.clientWidth);
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const { height, gateway, boxes, bands } = layOutPicture(nodes, width);
  const rate = nodes.every((node) => node.rate === undefined)
    ? undefined
    : nodes.reduce((sum, node) => sum + (node.rate ?? 0), 0);
  return (
    <figure ref={frame} className="picture" style={{ height }} aria-label={describePicture(nodes)}>
      {width > 0 && (
        <svg width={width} height={height} aria-hidden="true">
          {bands.map(({ version, outline, middle, thickness }) => (
            <g key={version} className={colourClass(colours.get(version))}>
              <path className="ribbon" d={outline} />
              <path className="flow" d={middle} strokeWidth={Math.max(1, Math.min(3, thickness / 6))} />
            </g>
          ))}
        </svg>
      )}
      {/* As long as nobody knows how wide it is there is nowhere to be. */}
      {width > 0 && (
        <>
          <div className="entrance" style={place(gateway)}>
            <strong>{entrance}</strong>
            <span className="cut small soft" title={hosts.join(', ')}>
              {hosts[0] ?? 'in the cluster'}
              {hosts.length > 1 && ` +${hosts.length - 1}`}
            </span>
            {rate !== undefined && <span className="small">{formatRate(rate)} req/s</span>}
          </div>
          {nodes.map((node, index) => {
            const box = boxes[index];
            return box === undefined ? null : (
              <VersionBox key={node.version} node={node} box={box} colour={colours.get(node.version)} />
            );
          })}
        </>
      )}
    </figure>
  );
}

interface VersionBoxProps {
  readonly node: VersionNode;
  readonly box: Box;
  readonly colour: number | undefined;
}

function VersionBox({ node, box, colour }: VersionBoxProps) {
  const { version, role, weight, dots, count, ready, rate, errorShare = 0, p95 } = node;
  return (
    <div className={`version-box ${colourClass(colour)}`} style={place(box)}>
      <div className="about">
        <div className="row">
          <Version>{version}</Version>
          <span className="small soft">{roleWords[role]}</span>
        </div>
        <div className="weight">{formatPercent(weight)}</div>
        <div className="small soft figures">
          {rate === undefined ? (
            <span>
              {ready} of {count} pods ready
            </span>
          ) : (
            <>
              <span>{formatRate(rate)} req/s</span>
              <span className={errorShare > 0 ? 'bad-text' : undefined}>{formatPercent(errorShare * 100)} errors</span>
              {p95 !== undefined && <span>p95 {formatLatency(p95)}</span>}
            </>
          )}
        </div>
      </div>
      <Pods dots={dots} count={count} />
    </div>
  );
}

function Pods({ dots, count }: Pick<VersionNode, 'dots' | 'count'>) {
  const others = count - dots.length;
  return (
    <div className="dots">
      {dots.map(({ name, state }, index) => (
        <span key={name ?? index} className={`dot ${state}`} title={name === undefined ? state : `${name}: ${state}`} />
      ))}
      {others > 0 && <span className="small soft">+{others}</span>}
    </div>
  );
}

/** Moved, not laid out anew: what goes to another place glides there, as its band does. */
function place({ left, top, width, height }: Box) {
  return { transform: `translate(${left}px, ${top}px)`, width: Math.max(0, width), height };
}
