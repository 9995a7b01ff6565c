/** The content of an answer in the text that its reader wants: JSON for programs and for people, YAML. */
import { isFlagSet } from '@slipway/kube/query-flag';
import { findForm } from './accepted-form.ts';
import type { ListText } from './list-text.ts';
import type { ReceivedRequest } from './received-request.ts';
import { parseTarget } from './request-target.ts';
import { toContent } from './stored-text.ts';

export interface AnswerContent {
  readonly content: string | ListText;
  readonly type: string;
}

/** People who look at the API by hand get it for people. */
const handTools = /^(curl|wget|mozilla)\b/i;

/** At once for programs. */
export function contentOf(value: unknown, request: ReceivedRequest): AnswerContent | Promise<AnswerContent> {
  if (findForm(request.headers['accept'])?.text === 'yaml') return yamlOf(value);
  const content = isForPeople(request) ? JSON.stringify(value, null, 2) : toContent(value);
  return { content, type: 'application/json' };
}

async function yamlOf(value: unknown): Promise<AnswerContent> {
  const { stringify } = await import('yaml');
  // Many readers of YAML are of version 1.1, for which times, and words such as `yes`, are no text unless they stand in quotes.
  const content = stringify(value, { aliasDuplicateObjects: false, version: '1.1' });
  return { content, type: 'application/yaml' };
}

function isForPeople({ target, headers }: ReceivedRequest): boolean {
  const asked = target.includes('pretty=') ? parseTarget(target).searchParams : undefined;
  return asked?.has('pretty') === true ? isFlagSet(asked, 'pretty') : handTools.test(headers['user-agent'] ?? '');
}
