/** Instant queries of Prometheus: where they go, and what the answers mean. */
import { isRecord, parseJson } from './json.ts';
import { failure, noData, parseValue, value, type Sample } from './sample.ts';

const maximumNamedSeries = 5;
const maximumWarnings = 3;

/** https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries */
export function queryUrl(address: URL, query: string): URL {
  const url = new URL(address);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/api/v1/query`;
  url.searchParams.set('query', query);
  return url;
}

export function readPrometheus(status: number, body: string): Sample {
  const answer = parseJson(body);
  if (!isRecord(answer)) return failure(`Prometheus answered ${status} without JSON`);
  const { status: said, error, errorType } = answer;
  if (said !== 'success') return failure(`Prometheus answered ${status}: ${describeError(errorType, error)}`);
  if (status !== 200) return failure(`Prometheus answered ${status}`);
  const warnings = [...listOf(answer['warnings']), ...listOf(answer['infos'])].map(textOf).slice(0, maximumWarnings);
  return isRecord(answer['data']) ? readData(answer['data'], warnings) : failure('Prometheus answered without data');
}

function describeError(...texts: readonly unknown[]): string {
  const said = texts.map(textOf).filter((text) => text !== '');
  return said.length === 0 ? 'neither success nor an error' : said.join(': ');
}

function readData({ resultType, result }: Readonly<Record<string, unknown>>, warnings: readonly string[]): Sample {
  if (resultType === 'scalar') return readPoint(result, warnings);
  if (resultType !== 'vector')
    return failure(`the query comes to a ${textOf(resultType)}, expected one series or a scalar`);
  const series = listOf(result);
  const [first, ...others] = series;
  if (first === undefined)
    return noData(['the query comes to no series', ...warnings.map((text) => `warned: ${text}`)].join('; '));
  if (others.length > 0)
    return failure(`the query comes to ${series.length} series, expected one: ${describeSeries(series)}`);
  if (!isRecord(first)) return failure('Prometheus answered with a series that is none');
  return first['value'] === undefined
    ? failure('the series is a native histogram, expected a number: use histogram_quantile or rate of its count')
    : readPoint(first['value'], warnings);
}

/** `[1700000000.123, "0.5"]` */
function readPoint(point: unknown, warnings: readonly string[]): Sample {
  const number = parseValue(listOf(point)[1]);
  return number === undefined ? failure('Prometheus answered with a value that is no number') : value(number, warnings);
}

function describeSeries(series: readonly unknown[]): string {
  const named = series.slice(0, maximumNamedSeries).map((each) => describeLabels(isRecord(each) ? each['metric'] : {}));
  const left = series.length - named.length;
  return `${named.join(', ')}${left === 0 ? '' : ` and ${left} more`}`;
}

/** As PromQL writes it: `http_requests_total{code="500"}`. */
function describeLabels(metric: unknown): string {
  const { __name__: name, ...labels } = isRecord(metric) ? metric : {};
  const pairs = Object.entries(labels).map(([label, text]) => `${label}=${JSON.stringify(text)}`);
  return `${textOf(name)}{${pairs.join(',')}}`;
}

function listOf(found: unknown): readonly unknown[] {
  return Array.isArray(found) ? found : [];
}

function textOf(found: unknown): string {
  return typeof found === 'string' ? found : '';
}
