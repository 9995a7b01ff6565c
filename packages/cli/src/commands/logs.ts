import { applications } from '@slipway/delivery/api/application';
import { labels } from '@slipway/delivery/names';
import type { Pod } from '@slipway/kube/api.generated';
import { Informer } from '@slipway/kube/informer';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { pods } from '@slipway/kube/resources';
import { statusErrorFrom } from '@slipway/kube/status-error';
import { connect, type Connection } from '../connection/connection.ts';
import { describeError } from '../describe-error.ts';
import { CommandFailure } from '../failure.ts';
import { describeSilent, findLogSources, type LogSource } from '../logs/log-sources.ts';
import { splitLines } from '@slipway/kube/split-lines';
import { colour, print, printLine, type Colour } from '../output/output.ts';
import type { GlobalOptions } from '../global-options.ts';

export interface LogsOptions extends GlobalOptions {
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly tail?: number;
}

/** Prints what all pods of an Application write, each line with its pod and container before it. */
export async function logs(application: string, options: LogsOptions): Promise<void> {
  const connection = await connect(options);
  return options.follow ? follow(connection, application, options) : printAll(connection, application, options);
}

async function printAll(connection: Connection, application: string, options: LogsOptions): Promise<void> {
  const { client, namespace } = connection;
  const { items } = await client.list(pods, { namespace, labelSelector: selectorOf(application) });
  if (items.length === 0)
    throw new CommandFailure(`There are no pods of an Application "${application}" in namespace ${namespace}.`);
  for (const source of findLogSources(items)) await copyLines(connection, source, options);
  for (const line of describeSilent(items)) note(line);
}

/** Pods come and go with releases, and containers are restarted: each run is followed from its first line. Ends by Ctrl-C. */
async function follow(connection: Connection, application: string, options: LogsOptions): Promise<void> {
  const { client, namespace } = connection;
  await client.get(applications, { namespace, name: application });
  const informer = new Informer<Pod>({
    client,
    clock: systemClock,
    type: pods,
    namespace,
    labelSelector: selectorOf(application),
  });
  const { tail, ...whole } = options;
  const followed = new Set<string>();
  const look = (how: LogsOptions): void => {
    const sources = findLogSources(informer.list());
    const current = new Set(sources.map(({ id }) => id));
    for (const id of followed) if (!current.has(id)) followed.delete(id);
    for (const source of sources.filter(({ id }) => !followed.has(id))) {
      followed.add(source.id);
      copyLines(connection, source, how).catch((error: unknown) => note(describeError(error).text));
    }
  };
  informer.start(new AbortController().signal);
  await informer.synced();
  look(tail === undefined ? whole : { ...whole, tail });
  informer.onChange(() => look(whole));
  await new Promise<never>(() => {});
}

function selectorOf(application: string): string {
  return `${labels.application}=${application}`;
}

async function copyLines({ client, namespace }: Connection, source: LogSource, options: LogsOptions): Promise<void> {
  const query = new URLSearchParams({
    container: source.container,
    ...(options.follow ? { follow: 'true' } : {}),
    ...(options.previous ? { previous: 'true' } : {}),
    ...(options.timestamps ? { timestamps: 'true' } : {}),
    ...(options.tail === undefined ? {} : { tailLines: String(options.tail) }),
  });
  const path = `/api/v1/namespaces/${namespace}/pods/${source.pod}/log?${query.toString()}`;
  const { status, body } = await client.request({ method: 'GET', path });
  const prefix = colour(colourOf(source.pod), `${source.pod}/${source.container}`);
  const refusal: string[] = [];
  for await (const line of splitLines(body)) {
    if (status >= 400) refusal.push(line);
    else if (options.output === undefined) print(`${prefix}  ${line}`);
    else await printLine({ pod: source.pod, container: source.container, line }, options.output);
  }
  if (status >= 400)
    note(`${source.pod}/${source.container}: ${statusErrorFrom(status, parse(refusal.join('\n'))).message}`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}

const palette: readonly Colour[] = ['cyan', 'yellow', 'green', 'magenta', 'blue'];

/** The same for every line of a pod. */
function colourOf(pod: string): Colour {
  const sum = [...pod].reduce((total, letter) => total + (letter.codePointAt(0) ?? 0), 0);
  return palette[sum % palette.length] ?? 'cyan';
}

/** On standard error: what is on standard output came from containers. */
function note(line: string): void {
  process.stderr.write(`${line}\n`);
}
