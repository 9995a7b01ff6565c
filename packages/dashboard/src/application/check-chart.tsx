import type { Check } from '@slipway/delivery/api/check';
import { describeClock } from '../parts/time-words.ts';
import { calculateScale, formatMeasure, readLimits, readSamples, type Measured, type Sample } from './check-limits.ts';

export interface CheckChartProps {
  readonly check: Check | undefined;
  readonly measurements: readonly Measured[];
}

const [width, height] = [320, 96];
const right = 54;

/** Measurements in the order of time, and what they are held against. */
export function CheckChart({ check, measurements }: CheckChartProps) {
  const samples = readSamples(measurements);
  const limits = readLimits(check?.successWhen ?? '');
  const { low, high } = calculateScale(samples, limits);
  const x = (index: number): number =>
    samples.length < 2 ? (width - right) / 2 : 6 + (index / (samples.length - 1)) * (width - right - 12);
  const y = (value: number): number => height - 6 - ((value - low) / (high - low)) * (height - 14);
  const draw = (value: (sample: Sample) => number | undefined): string =>
    samples
      .flatMap((sample, index) => {
        const found = value(sample);
        return found === undefined ? [] : [`${x(index)} ${y(found)}`];
      })
      .map((point, index) => `${index === 0 ? 'M' : 'L'}${point}`)
      .join('');
  const last = samples.at(-1);
  return (
    <svg className="check-chart" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={describe(samples, check)}>
      {limits.map(({ value, passes }) => (
        <g key={`${passes} ${value}`}>
          <rect
            className="beyond"
            x={0}
            width={width - right}
            y={passes === 'below' ? 0 : y(value)}
            height={passes === 'below' ? Math.max(0, y(value)) : Math.max(0, height - y(value))}
          />
          <path className="limit" d={`M0 ${y(value)}H${width - right}`} />
          <text className="limit-text" x={width - right + 6} y={y(value) + 4}>
            {formatMeasure(value)}
          </text>
        </g>
      ))}
      <path className="baseline" d={draw(({ baseline }) => baseline)} />
      <path className="value" d={draw(({ value }) => value)} />
      {samples.map((sample, index) => (
        <circle key={sample.at} className={sample.outcome} cx={x(index)} cy={y(sample.value)} r={3}>
          <title>{`${formatMeasure(sample.value)} at ${describeClock(sample.at)}: ${sample.outcome}`}</title>
        </circle>
      ))}
      {last !== undefined && limits.every(({ value }) => Math.abs(y(value) - y(last.value)) > 12) && (
        <text className="value-text" x={width - right + 6} y={y(last.value) + 4}>
          {formatMeasure(last.value)}
        </text>
      )}
    </svg>
  );
}

function describe(samples: readonly Sample[], check: Check | undefined): string {
  const values = samples.map(({ value, outcome }) => `${formatMeasure(value)} ${outcome}`);
  const rule = check === undefined ? '' : `, passes when ${check.successWhen}`;
  return values.length === 0
    ? `nothing measured yet${rule}`
    : `${values.length} measurements${rule}: ${values.slice(-5).join(', ')}`;
}
