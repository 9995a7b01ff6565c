/** In which form an answer is wanted, of those that there are. https://kubernetes.io/docs/reference/using-api/api-concepts/#alternate-representations-of-resources */
import { StatusError } from '@slipway/kube/status-error';
import { type AcceptedRange, acceptedRanges } from './accept.ts';

export interface AcceptedForm {
  readonly form: 'object' | 'table' | 'metadata' | 'metadataList';
  /** Of a table or of metadata, in the group meta.k8s.io. */
  readonly version: 'v1' | 'v1beta1';
  readonly text: 'json' | 'yaml';
}

const plainObject: AcceptedForm = { form: 'object', version: 'v1', text: 'json' };

/** Whoever takes protobuf takes JSON as well, as every client does that asks for it. */
const texts: Readonly<Record<string, AcceptedForm['text']>> = {
  '*/*': 'json',
  'application/*': 'json',
  'application/json': 'json',
  'application/vnd.kubernetes.protobuf': 'json',
  'application/yaml': 'yaml',
};

const forms: Readonly<Record<string, AcceptedForm['form']>> = {
  Table: 'table',
  PartialObjectMetadata: 'metadata',
  PartialObjectMetadataList: 'metadataList',
};

/** Clients say the same with each request, and each is asked about it several times. */
let lastAsked: { readonly accept: string; readonly found: AcceptedForm | undefined } = {
  accept: '',
  found: plainObject,
};

/** The first of what is accepted that there is. Undefined: there is none. */
export function findForm(accept: string | undefined): AcceptedForm | undefined {
  if (accept === undefined || accept.trim() === '') return plainObject;
  if (lastAsked.accept !== accept) lastAsked = { accept, found: firstForm(accept) };
  return lastAsked.found;
}

function firstForm(accept: string): AcceptedForm | undefined {
  for (const range of acceptedRanges(accept)) {
    const found = formIn(range);
    if (found !== undefined) return found;
  }
  return undefined;
}

function formIn({ type, parameters }: AcceptedRange): AcceptedForm | undefined {
  const text = texts[type];
  if (text === undefined) return undefined;
  const as = parameters.get('as');
  if (as === undefined) return { ...plainObject, text };
  const form = parameters.get('g') === 'meta.k8s.io' ? forms[as] : undefined;
  const version = parameters.get('v');
  return form !== undefined && (version === 'v1' || version === 'v1beta1') ? { form, version, text } : undefined;
}

const discoveryVersions = ['v2', 'v2beta1'] as const;

/** In which version discovery is wanted all in one answer; undefined: path by path. Throws `NotAcceptable`. */
export function aggregatedVersion(accept: string | undefined): (typeof discoveryVersions)[number] | undefined {
  if (accept === undefined || accept.trim() === '') return undefined;
  for (const { type, parameters } of acceptedRanges(accept)) {
    if (texts[type] === undefined) continue;
    if (!parameters.has('as')) return undefined;
    const version = discoveryVersions.find((each) => each === parameters.get('v'));
    const isDiscovery =
      parameters.get('g') === 'apidiscovery.k8s.io' && parameters.get('as') === 'APIGroupDiscoveryList';
    if (isDiscovery && version !== undefined) return version;
  }
  throw notAcceptable(known);
}

/** Throws `NotAcceptable`. */
export function requireForm(accept: string | undefined): AcceptedForm {
  const found = findForm(accept);
  if (found !== undefined) return found;
  throw notAcceptable(known);
}

/** Of a watch: YAML does not say where one event ends. Throws `NotAcceptable`. */
export function requireStreamedForm(accept: string | undefined): void {
  if (accept === undefined || accept.trim() === '') return;
  if (acceptedRanges(accept).some((range) => formIn(range)?.text === 'json')) return;
  throw notAcceptable(
    'only the following media types are accepted: application/json, application/json;stream=watch, application/vnd.kubernetes.protobuf, application/vnd.kubernetes.protobuf;stream=watch',
  );
}

const known =
  'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf';

export function notAcceptable(why: string): StatusError {
  return new StatusError('NotAcceptable', why);
}
