/** What was asked, without what is secret in it: for audit and logs. Pure. */

const hidden = '(hidden)';
/** Names under which a request may carry what nobody else is to read. */
const secretNames = /token|secret|password|passwd|credential|authorization|cookie|privatekey|apikey|signature/i;
/** Values by name, which may be secret, and webhooks, whose address may be. */
const environmentNames = /^(environment|webhooks)$/i;
const maximumDepth = 6;
const maximumItems = 30;
const maximumText = 300;

export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return shorten(withoutQuery(value));
  if (typeof value !== 'object' || value === null) return value;
  if (depth === maximumDepth) return '…';
  if (Array.isArray(value)) return value.slice(0, maximumItems).map((item) => redact(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, maximumItems)
      .map(([name, item]) => [name, isHidden(name, value) ? hidden : redact(item, depth + 1)]),
  );
}

/** An address may carry a key in its query. */
function withoutQuery(text: string): string {
  return text.replace(/^(https?:\/\/[^?#]*)\?[^]*$/i, `$1?${hidden}`);
}

function shorten(text: string): string {
  return text.length <= maximumText ? text : `${text.slice(0, maximumText)}…`;
}

/** A body is an object; what is none may be a secret as it is. */
export function redactBody(body: unknown): unknown {
  if (body === undefined || (typeof body === 'object' && body !== null && !Array.isArray(body))) return redact(body);
  return { type: Array.isArray(body) ? 'array' : body === null ? 'null' : typeof body, length: lengthOf(body) };
}

/**
 * Where a fault is, as far as it is not within what is hidden, whose names may be secret too.
 *
 * `body/spec/environment/DATABASE` gives `body/spec/environment`.
 */
export function redactField(field: string): string {
  const parts = field.split(/(?=[/.[])/);
  const end = parts.findIndex((part) => isHiddenName(part.replace(/^[/.[]/, '')));
  return shorten(end === -1 ? field : parts.slice(0, end + 1).join(''));
}

function lengthOf(body: unknown): number {
  return typeof body === 'string' || Array.isArray(body) ? body.length : String(body).length;
}

/** References to Secrets are no secrets; values of environment variables may be. */
function isHidden(name: string, owner: object): boolean {
  return isHiddenName(name) || (name === 'value' && 'name' in owner);
}

function isHiddenName(name: string): boolean {
  return isSecretName(name) || environmentNames.test(name);
}

function isSecretName(name: string): boolean {
  return !/(ref|name|names)$/i.test(name) && secretNames.test(name);
}

/** A variable that is called like one counts too. */
export function isSecretField(name: string, owner: object): boolean {
  if (isSecretName(name)) return true;
  const given: unknown = Reflect.get(owner, 'name');
  return name === 'value' && typeof given === 'string' && secretNames.test(given);
}
