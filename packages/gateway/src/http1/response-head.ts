import { assertCleanText, type Field, parseFields } from './fields.ts';
import { declaredFraming, type Framing, noBody } from './framing.ts';
import { ProtocolError } from './protocol-error.ts';
import { connectionMembers } from './request-head.ts';

export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  readonly fields: readonly Field[];
  readonly connection: readonly string[];
  readonly framing: Framing;
  /** Whether the connection may carry another request afterwards. */
  readonly keepAlive: boolean;
}

const statusLine = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: ([\t -~\x80-\xff]*))?$/;

/** `text` as in `parseRequestHead`; `method` is that of the request, which decides whether there is a body. */
export function parseResponseHead(text: string, method: string): ResponseHead {
  assertCleanText(text);
  const lineEnd = text.indexOf('\r\n');
  const line = statusLine.exec(lineEnd < 0 ? text : text.slice(0, lineEnd));
  if (line === null) throw new ProtocolError('a status line that is not "HTTP/1.1 code reason"', 502);
  const minorVersion = Number(line[1]);
  const status = Number(line[2]);
  const fields = lineEnd < 0 ? [] : parseFields(text, lineEnd + 2);
  const connection = connectionMembers(fields);
  const declared = declaredFraming(fields, minorVersion);
  const framing = hasNoBody(status, method) ? noBody : (declared ?? { kind: 'untilClose' });
  const isPersistent = minorVersion === 1 ? !connection.includes('close') : connection.includes('keep-alive');
  return {
    status,
    reason: line[3] ?? '',
    fields,
    connection,
    framing,
    keepAlive: isPersistent && framing.kind !== 'untilClose',
  };
}

/** RFC 9112, 6.3. */
function hasNoBody(status: number, method: string): boolean {
  return method === 'HEAD' || status < 200 || status === 204 || status === 304;
}
