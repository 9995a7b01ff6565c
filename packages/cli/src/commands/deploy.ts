import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { applications, type Application } from '@slipway/delivery/api/application';
import { validateApplication } from '@slipway/delivery/validate-application';
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import { isStatusReason, StatusError } from '@slipway/kube/status-error';
import { parseAllDocuments } from 'yaml';
import { connect, type Connection } from '../connection/connection.ts';
import { findResource } from '../connection/resources.ts';
import { CommandFailure, usageFailure } from '../failure.ts';
import { followRelease } from '../output/follow-release.ts';
import { print, printObjects } from '../output/output.ts';
import type { GlobalOptions } from '../program.ts';

export interface DeployOptions extends GlobalOptions {
  readonly version?: string;
  readonly image: readonly string[];
  readonly strategy?: string;
  readonly wait?: 'promoted' | 'succeeded';
}

interface Manifest {
  /** File and number of the document, for messages. */
  readonly source: string;
  readonly object: KubeObject;
}

interface Planned {
  readonly manifest: Manifest;
  readonly type: ResourceType;
}

const fieldManager = 'slipway';

/** Everything is tried before anything is written: a fault in the last document leaves the first one undone too. */
export async function deploy(path: string, options: DeployOptions): Promise<void> {
  const manifests = (await readManifests(path)).map((manifest) => ({
    ...manifest,
    object: withOptions(manifest.object, options),
  }));
  const connection = await connect(options);
  const planned = await Promise.all(
    manifests.map(async (manifest) => ({
      manifest,
      type: await findResource(connection.client, manifest.object, manifest.source),
    })),
  );
  for (const { manifest } of planned) checkApplication(manifest);
  for (const each of planned) await apply(connection, each, true);
  const applied: KubeObject[] = [];
  for (const each of planned) applied.push(await apply(connection, each, false));
  if (options.output !== undefined) await printObjects(applied, options.output);
  else
    for (const object of applied) print(`${(object.kind ?? '').toLowerCase()}/${object.metadata.name ?? ''} applied`);
  if (options.wait === undefined) return;
  for (const object of applied) if (object.kind === 'Application') await waitFor(connection, object, options.wait);
}

async function readManifests(path: string): Promise<readonly Manifest[]> {
  const about = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw usageFailure(
      `${path} cannot be read: ${error.code === 'ENOENT' ? 'there is no such file or directory' : error.message}`,
      error,
    );
  });
  const files = about.isDirectory()
    ? (await readdir(path))
        .filter((name) => /\.(ya?ml|json)$/.test(name))
        .toSorted()
        .map((name) => join(path, name))
    : [path];
  if (files.length === 0) throw usageFailure(`${path} holds no manifests (*.yaml, *.yml, *.json)`);
  return (await Promise.all(files.map(readDocuments))).flat();
}

async function readDocuments(file: string): Promise<readonly Manifest[]> {
  const documents = parseAllDocuments(await readFile(file, 'utf8'));
  return [...documents].flatMap((document, index) => {
    const source = documents.length === 1 ? file : `${file}, document ${index + 1}`;
    const [error] = document.errors;
    if (error !== undefined) throw usageFailure(`${source} is not YAML: ${error.message}`, error);
    const value: unknown = document.toJS();
    if (value === null || value === undefined) return [];
    if (!isObject(value))
      throw usageFailure(
        `${source} is no Kubernetes object: expected a mapping with apiVersion, kind and metadata.name`,
      );
    return [{ source, object: value }];
  });
}

function isObject(value: unknown): value is KubeObject {
  return (
    typeof value === 'object' &&
    value !== null &&
    'metadata' in value &&
    typeof value.metadata === 'object' &&
    value.metadata !== null &&
    'name' in value.metadata
  );
}

function isApplication(object: KubeObject): object is Application {
  return object.kind === 'Application' && (object.apiVersion ?? '').startsWith('slipway.dev/');
}

/** What the command line says of version, images and strategy stands above the manifest. */
function withOptions(object: KubeObject, { version, image, strategy }: DeployOptions): KubeObject {
  if (!isApplication(object)) return object;
  const images = new Map(
    image.map((pair): [string, string] => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );
  const containers = object.spec.template?.spec?.containers ?? [];
  const unknown = [...images.keys()].find((name) => !containers.some((container) => container.name === name));
  if (unknown !== undefined)
    throw usageFailure(
      `--image ${unknown}=...: the Application ${object.metadata.name ?? ''} has no container named "${unknown}", it has: ${containers.map(({ name }) => name).join(', ')}`,
    );
  const template =
    images.size === 0
      ? object.spec.template
      : {
          ...object.spec.template,
          spec: {
            ...object.spec.template?.spec,
            containers: containers.map((container) => ({
              ...container,
              image: images.get(container.name) ?? container.image,
            })),
          },
        };
  const chosen =
    strategy === undefined
      ? {}
      : { strategy: object.spec.strategy?.type === strategy ? object.spec.strategy : { type: strategy } };
  const changed: Application = {
    ...object,
    spec: {
      ...object.spec,
      ...(version === undefined ? {} : { version }),
      ...(template === undefined ? {} : { template }),
      ...chosen,
    },
  };
  return changed;
}

function checkApplication({ source, object }: Manifest): void {
  if (!isApplication(object)) return;
  const faults = validateApplication(object);
  if (faults.length > 0)
    throw usageFailure(
      [
        `${source}: the Application "${object.metadata.name ?? ''}" is invalid:`,
        ...faults.map(({ field, message }) => `  ${field ?? ''}: ${message}`),
      ].join('\n'),
    );
}

async function apply(
  { client, namespace }: Connection,
  { manifest, type }: Planned,
  dryRun: boolean,
): Promise<KubeObject> {
  const { metadata } = manifest.object;
  const key = { name: metadata.name ?? '', ...(type.namespaced ? { namespace: metadata.namespace ?? namespace } : {}) };
  try {
    return await client.patch(
      type,
      key,
      { type: 'apply', body: manifest.object, force: true },
      { fieldManager, fieldValidation: 'Strict', dryRun },
    );
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    const message = `${manifest.source}: ${error.message}`;
    throw isStatusReason(error, 'Invalid', 'BadRequest')
      ? usageFailure(message, error)
      : new CommandFailure(message, { cause: error });
  }
}

async function waitFor({ client }: Connection, object: KubeObject, until: 'promoted' | 'succeeded'): Promise<void> {
  const application = await client.get(applications, {
    namespace: object.metadata.namespace,
    name: object.metadata.name ?? '',
  });
  const outcome = await followRelease({ client, application, until });
  if (!outcome.isReached) throw new CommandFailure(`version ${outcome.version} was not released: ${outcome.reason}`);
  print(`version ${outcome.version} is ${until}`);
}
