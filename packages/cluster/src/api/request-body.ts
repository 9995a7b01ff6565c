/** Bodies of requests in the forms that clients of Kubernetes send: JSON, YAML, protobuf. */
import type { YAMLParseError } from 'yaml';
import { messageOf } from '@slipway/kube/message-of';
import { apiVersionOf } from '@slipway/kube/object';
import { StatusError } from '@slipway/kube/status-error';
import type { TransportRequest } from '@slipway/kube/transport';
import type { Catalog } from '../schema/definition.ts';
import type { TypeName } from '../schema/protobuf.ts';
import { countFields, findDuplicateFields } from './duplicate-fields.ts';
import { mediaTypeOf } from './media-type.ts';
import { patchKind } from './patches.ts';
import { countNamedFields } from './named-fields.ts';
import type { ReceivedRequest } from './received-request.ts';
import { parseResourcePath } from './request-path.ts';

/** As large as Kubernetes takes. */
const maximumBodyBytes = 3 * 1024 * 1024;

/** To parse YAML blocks everybody else, five milliseconds for a kilobyte; what is larger comes as JSON in every client. */
const maximumYamlBytes = 256 * 1024;

export interface BodyContext {
  readonly path: string;
  readonly catalog: Catalog;
}

type Body = TransportRequest['body'];
type Described = Pick<ReceivedRequest, 'method' | 'headers'>;

/** Undefined where there is none. Fails for one that is too large or in no known form. At once where it is there and JSON. */
export function readBody(
  request: Described & Pick<ReceivedRequest, 'content'>,
  context: BodyContext,
): Body | Promise<Body> {
  const { method, content } = request;
  if (!isProxied(context.path) && (method === 'GET' || method === 'HEAD')) return undefined;
  return Buffer.isBuffer(content)
    ? readBytes(content, request, context)
    : collect(content).then((bytes) => readBytes(bytes, request, context));
}

function readBytes(
  bytes: Buffer,
  { method, headers }: Described,
  { path, catalog }: BodyContext,
): Body | Promise<Body> {
  const isPassedOn = isProxied(path);
  if (bytes.length === 0) return undefined;
  const type = headers['content-type'] ?? '';
  // What a patch may come as is another question than what an object may.
  if (!isPassedOn && method === 'PATCH') patchKind(type);
  return isPassedOn ? { bytes } : parseBody(bytes, type, catalog);
}

async function collect(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of content) {
    size += chunk.length;
    if (size > maximumBodyBytes)
      throw new StatusError('RequestEntityTooLarge', `Request entity too large: limit is ${maximumBodyBytes}`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** What is proxied is the business of whom it is for. */
function isProxied(path: string): boolean {
  const parsed = parseResourcePath(path);
  return parsed?.group === '' && parsed.subresource === 'proxy';
}

interface ParsedBody {
  readonly json: unknown;
  readonly repeated?: readonly string[];
}

function parseBody(bytes: Buffer, contentType: string, catalog: Catalog): ParsedBody | Promise<ParsedBody> {
  const type = mediaTypeOf(contentType);
  if (type === 'application/vnd.kubernetes.protobuf') return parseProtobuf(bytes, catalog);
  const fields = countNamedFields(bytes);
  if (type === 'application/yaml' || type === 'application/apply-patch+yaml')
    return parseYaml(bytes.toString('utf8'), fields);
  if (type === '' || type === 'application/json' || type.endsWith('+json'))
    return parseJson(bytes.toString('utf8'), fields);
  throw unknownFormat('application/json, application/yaml, application/vnd.kubernetes.protobuf');
}

async function parseProtobuf(bytes: Buffer, catalog: Catalog): Promise<ParsedBody> {
  const { decodeProtobuf } = await import('../schema/protobuf.ts');
  return { json: decodeProtobuf(bytes, (name) => messageName(name, catalog)) };
}

function unknownFormat(accepted: string): StatusError {
  return new StatusError(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted}`,
  );
}

/** What is sent to resources and is none itself. */
const otherMessages: Readonly<Record<string, string>> = {
  'v1 Binding': 'io.k8s.api.core.v1.Binding',
  'autoscaling/v1 Scale': 'io.k8s.api.autoscaling.v1.Scale',
  'policy/v1 Eviction': 'io.k8s.api.policy.v1.Eviction',
  'authentication.k8s.io/v1 TokenRequest': 'io.k8s.api.authentication.v1.TokenRequest',
};

function messageName({ apiVersion, kind }: TypeName, catalog: Catalog): string | undefined {
  // Its apiVersion is that of what shall be deleted.
  if (kind === 'DeleteOptions') return 'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions';
  const definition = catalog.all().find(({ type }) => type.kind === kind && apiVersionOf(type) === apiVersion);
  const name = definition?.schema.kind === 'object' ? definition.schema.name : otherMessages[`${apiVersion} ${kind}`];
  if (name === undefined && definition !== undefined) throw unknownFormat('application/json, application/yaml');
  return name;
}

function parseJson(text: string, fields: number): ParsedBody {
  try {
    return withRepeated(JSON.parse(text), text, fields);
  } catch (error) {
    throw notParsed('JSON', error);
  }
}

/** To count is quick; to tell which field it is, where one is there twice, is not. */
function withRepeated(json: unknown, text: string, fields: number): ParsedBody {
  if (countFields(json) === fields) return { json };
  return { json, repeated: findDuplicateFields(text).map((path) => `duplicate field ${JSON.stringify(path)}`) };
}

async function parseYaml(text: string, fields: number): Promise<ParsedBody> {
  // JSON is YAML and parses much faster as what it is.
  if (text.trimStart().startsWith('{')) {
    try {
      return withRepeated(JSON.parse(text), text, fields);
    } catch {
      // Flow style of YAML begins the same way.
    }
  }
  const size = Buffer.byteLength(text);
  if (size > maximumYamlBytes)
    throw new StatusError(
      'RequestEntityTooLarge',
      `Request entity too large: the body is YAML of ${size} bytes, limit is ${maximumYamlBytes}; send it as JSON, which may have ${maximumBodyBytes}`,
    );
  const { parseDocument } = await import('yaml');
  try {
    const document = parseDocument(text, { logLevel: 'error' });
    const fault = document.errors.find(({ code }) => code !== 'DUPLICATE_KEY');
    if (fault !== undefined) throw fault;
    const json: unknown = document.toJS({ maxAliasCount: 100 });
    return { json, repeated: document.errors.map((error) => repeatedInYaml(error, text)) };
  } catch (error) {
    throw notParsed('YAML', error);
  }
}

/** In the words of the parser that Kubernetes has. */
function repeatedInYaml({ linePos, pos: [start] }: YAMLParseError, text: string): string {
  const key = /^[^\s:]*/.exec(text.slice(start))?.[0] ?? '';
  return `line ${linePos?.[0].line ?? 0}: key ${JSON.stringify(key)} already set in map`;
}

function notParsed(form: string, error: unknown): StatusError {
  const why = messageOf(error);
  return new StatusError('BadRequest', `the body of the request is not ${form}: ${why}`, { cause: error });
}
