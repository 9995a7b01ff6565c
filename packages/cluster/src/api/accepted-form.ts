/** In which form an answer is wanted, of those that there are. https://kubernetes.io/docs/reference/using-api/api-concepts/#alternate-representations-of-resources */
import { StatusError } from '@slipway/kube/status-error';

export interface AcceptedForm {
  readonly form: 'object' | 'table' | 'metadata';
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
  PartialObjectMetadataList: 'metadata',
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
  for (const range of accept.split(',')) {
    const found = formIn(range);
    if (found !== undefined) return found;
  }
  return undefined;
}

function formIn(range: string): AcceptedForm | undefined {
  const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
  const text = texts[type.toLowerCase()];
  if (text === undefined) return undefined;
  const as = parameterOf(parameters, 'as');
  if (as === undefined) return { ...plainObject, text };
  const form = forms[as];
  const version = parameterOf(parameters, 'v');
  return form !== undefined && (version === 'v1' || version === 'v1beta1') ? { form, version, text } : undefined;
}

function parameterOf(parameters: readonly string[], name: string): string | undefined {
  return parameters.find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** Throws `NotAcceptable`. */
export function requireForm(accept: string | undefined): AcceptedForm {
  const found = findForm(accept);
  if (found !== undefined) return found;
  throw new StatusError(
    'NotAcceptable',
    'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
  );
}
