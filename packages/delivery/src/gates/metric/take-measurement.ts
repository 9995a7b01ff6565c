/** One measurement: of the candidate and, where the check compares, of stable at the same time. */
import type { Secret } from '@slipway/kube/api.generated';
import { formatMicroTime, type Clock } from '@slipway/kube/clock';
import { messageOf } from '@slipway/kube/message-of';
import type { Split } from '@slipway/kube/split';
import type { Check, CheckSecret, CheckState } from '../../api/check.ts';
import { nextNumber, type TakenMeasurement } from './check-state.ts';
import { readCredentials, withoutCredentials, type Credentials } from './credentials.ts';
import { measureGateway } from './gateway-counts.ts';
import type { HttpGet } from './http-get.ts';
import { judgeSamples, type CompileExpression } from './judge-sample.ts';
import { queryUrl, readPrometheus } from './prometheus.ts';
import { resolveQuery } from './query-template.ts';
import { failure, type Sample } from './sample.ts';
import { placeholderValues, type MeasuredVersion, type Subject } from './subject.ts';
import { countValues } from './terms.ts';
import { parseHttpUrl, resolveUrl } from './url-template.ts';
import { readWeb } from './web.ts';

export interface MeasuringPorts {
  readonly clock: Clock;
  readonly httpGet: HttpGet;
  readonly compile: CompileExpression;
  /** Of the Application's namespace. */
  readonly readSecret: (name: string, signal: AbortSignal) => Promise<Secret>;
}

export interface MeasurementTask {
  readonly check: Check;
  readonly state: CheckState;
  readonly subject: Subject;
  /** Where the gateways say what they counted. */
  readonly split: Split | undefined;
  readonly signal: AbortSignal;
}

/** Never rejects: what could not be measured is a measurement that says so. */
export async function takeMeasurement(task: MeasurementTask, ports: MeasuringPorts): Promise<TakenMeasurement> {
  const { check, state, subject, split } = task;
  if (check.provider.gateway === undefined) return await askAll(task, ports);
  return measureGateway(check, state, { split, subject, now: ports.clock.now(), compile: ports.compile });
}

async function askAll(task: MeasurementTask, ports: MeasuringPorts): Promise<TakenMeasurement> {
  const { check, state, subject } = task;
  const startedAt = formatMicroTime(ports.clock.now());
  const [own, compared] = await Promise.all([
    askVersion(subject.candidate, task, ports),
    check.baseline === true ? askStable(task, ports) : undefined,
  ]);
  const judged = { value: own.sample, baseline: compared?.sample, samples: countValues(state) + 1 };
  const finishedAt = formatMicroTime(ports.clock.now());
  const judgement = judgeSamples(check, judged, { during: state.during, compile: ports.compile });
  return {
    measurement: { number: nextNumber(state), ...judgement, startedAt, finishedAt },
    ...(own.query === undefined ? {} : { query: own.query }),
    ...(compared?.query === undefined ? {} : { baselineQuery: compared.query }),
  };
}

interface Asked {
  readonly sample: Sample;
  /** As it was sent. */
  readonly query?: string | undefined;
}

async function askStable(task: MeasurementTask, ports: MeasuringPorts): Promise<Asked> {
  const { stable } = task.subject;
  return stable === undefined
    ? { sample: failure('there is no stable version to compare with') }
    : await askVersion(stable, task, ports);
}

/** What is sent, and how the answer is read. */
interface Inquiry {
  readonly url: URL;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly insecure: boolean;
  readonly secretRef: CheckSecret | undefined;
  readonly read: (status: number, body: string) => Sample;
}

async function askVersion(measured: MeasuredVersion, task: MeasurementTask, ports: MeasuringPorts): Promise<Asked> {
  try {
    const inquiry = inquiryOf(task, measured);
    return { sample: await ask(inquiry, task.signal, ports), query: inquiry.query };
  } catch (error) {
    return { sample: failure(messageOf(error)) };
  }
}

function inquiryOf({ check, subject }: MeasurementTask, measured: MeasuredVersion): Inquiry {
  const { prometheus, web } = check.provider;
  const values = placeholderValues(subject, measured);
  if (prometheus !== undefined) {
    const query = resolveQuery(prometheus.query, values);
    return {
      url: queryUrl(parseHttpUrl(prometheus.address), query),
      query,
      headers: { accept: 'application/json' },
      insecure: prometheus.insecure === true,
      secretRef: prometheus.secretRef,
      read: readPrometheus,
    };
  }
  if (web === undefined) throw new Error(`check ${check.name} has no provider that is asked over the network`);
  const url = resolveUrl(web.url, values);
  return {
    url,
    query: url.href,
    headers: { accept: 'application/json', ...lowerCased(web.headers ?? {}) },
    insecure: false,
    secretRef: web.secretRef,
    read: (status, body) => readWeb(status, body, web.jsonPath),
  };
}

async function ask(inquiry: Inquiry, signal: AbortSignal, ports: MeasuringPorts): Promise<Sample> {
  const { url, insecure, headers, secretRef } = inquiry;
  if (secretRef === undefined) return await answerOf(inquiry, { url, insecure, headers, signal }, ports);
  if (url.protocol === 'http:' && !insecure)
    return failure('credentials are sent by https only: give an https address');
  const credentials = await fetchCredentials(secretRef, signal, ports);
  const question = { url, insecure, ca: credentials.ca, headers: { ...headers, ...credentials.headers }, signal };
  return withHidden(await answerOf(inquiry, question, ports), credentials);
}

async function answerOf(
  inquiry: Inquiry,
  question: Parameters<HttpGet>[0],
  { httpGet }: MeasuringPorts,
): Promise<Sample> {
  try {
    const { status, body } = await httpGet(question);
    return inquiry.read(status, body);
  } catch (error) {
    return failure(`${question.url.host} could not be asked: ${messageOf(error)}`);
  }
}

async function fetchCredentials(
  { name }: CheckSecret,
  signal: AbortSignal,
  { readSecret }: MeasuringPorts,
): Promise<Credentials> {
  return readCredentials(await readSecret(name, signal));
}

function withHidden(sample: Sample, credentials: Credentials): Sample {
  if (sample.type !== 'value') return { ...sample, reason: withoutCredentials(sample.reason, credentials) };
  return { ...sample, warnings: sample.warnings?.map((text) => withoutCredentials(text, credentials)) };
}

function lowerCased(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, text]) => [name.toLowerCase(), text]));
}
