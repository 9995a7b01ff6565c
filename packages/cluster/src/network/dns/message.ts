/** Messages of DNS, as far as a cluster asks and answers: one question each. https://www.rfc-editor.org/rfc/rfc1035#section-4 */

export const recordTypes = { A: 1, CNAME: 5, SOA: 6, PTR: 12, AAAA: 28, SRV: 33, OPT: 41, ANY: 255 } as const;

export const responseCodes = {
  success: 0,
  formatError: 1,
  serverFailure: 2,
  noSuchName: 3,
  notImplemented: 4,
} as const;
export type ResponseCode = (typeof responseCodes)[keyof typeof responseCodes];

export type DnsRecord = { readonly name: string; readonly seconds: number } & RecordData;

type RecordData =
  | { readonly type: 'A'; readonly address: string }
  | { readonly type: 'CNAME'; readonly target: string }
  | { readonly type: 'PTR'; readonly target: string }
  | {
      readonly type: 'SRV';
      readonly priority: number;
      readonly weight: number;
      readonly port: number;
      readonly target: string;
    }
  | { readonly type: 'SOA'; readonly server: string; readonly contact: string; readonly minimumSeconds: number };

export interface Question {
  readonly id: number;
  /** In lower case, without the dot at the end. */
  readonly name: string;
  readonly type: number;
  /** Where the question ends in the message. */
  readonly end: number;
  /** How much the asker takes in one packet of UDP. */
  readonly maximumBytes: number;
}

export interface Answer {
  readonly code: ResponseCode;
  readonly answers: readonly DnsRecord[];
  readonly authority?: readonly DnsRecord[] | undefined;
  readonly additional?: readonly DnsRecord[] | undefined;
}

const headerBytes = 12;
const plainBytes = 512;
const internet = 1;
/** Response, authoritative, recursion available. */
const responseFlags = 0x8480;
const recursionDesired = 0x0100;
const truncatedFlag = 0x0200;
const maximumLabels = 128;

/** Undefined for what is no question: not even an error can be answered to that. */
export function parseQuestion(message: Buffer): Question | undefined {
  if (message.length < headerBytes || message.readUInt16BE(4) !== 1 || (message[2] ?? 0) >= 0x80) return undefined;
  const found = readName(message, headerBytes);
  if (found === undefined || found.end + 4 > message.length) return undefined;
  const end = found.end + 4;
  return {
    id: message.readUInt16BE(0),
    name: found.name.toLowerCase(),
    type: message.readUInt16BE(found.end),
    end,
    maximumBytes: sizeOf(message, end),
  };
}

/** Asked for by an OPT record, which is the last of those of whom there are any. https://www.rfc-editor.org/rfc/rfc6891 */
function sizeOf(message: Buffer, end: number): number {
  const isOption = message.readUInt16BE(10) === 1 && message.length >= end + 5 && message[end] === 0;
  if (!isOption || message.readUInt16BE(end + 1) !== recordTypes.OPT) return plainBytes;
  return Math.min(4_096, Math.max(plainBytes, message.readUInt16BE(end + 3)));
}

export function encodeAnswer(query: Buffer, question: Question, answer: Answer): Buffer {
  const { answers, authority = [], additional = [] } = answer;
  const header = Buffer.alloc(headerBytes);
  header.writeUInt16BE(question.id, 0);
  header.writeUInt16BE(responseFlags | (query.readUInt16BE(2) & recursionDesired) | answer.code, 2);
  [1, answers.length, authority.length, additional.length].forEach((count, index) =>
    header.writeUInt16BE(count, 4 + 2 * index),
  );
  const records = [...answers, ...authority, ...additional].map((record) => encodeRecord(record, question));
  return Buffer.concat([header, query.subarray(headerBytes, question.end), ...records]);
}

/** What says that all of it is to be had by TCP. */
export function truncate(answer: Buffer, question: Question): Buffer {
  const short = Buffer.from(answer.subarray(0, question.end));
  short.writeUInt16BE(short.readUInt16BE(2) | truncatedFlag, 2);
  short.fill(0, 6, headerBytes);
  return short;
}

export function isTruncated(answer: Buffer): boolean {
  return answer.length >= headerBytes && (answer.readUInt16BE(2) & truncatedFlag) !== 0;
}

export function encodeQuestion(id: number, name: string, type: number): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(recursionDesired, 2);
  header.writeUInt16BE(1, 4);
  return Buffer.concat([header, encodeName(name), numbers(type, internet)]);
}

/** Of an answer of another server; what this one never says itself is a failure. */
export function readCode(message: Buffer): ResponseCode {
  const code = message.length < headerBytes ? undefined : message.readUInt16BE(2) & 0xf;
  return Object.values(responseCodes).find((known) => known === code) ?? responseCodes.serverFailure;
}

/** The addresses in an answer of another server, whatever names led to them. */
export function readAddresses(message: Buffer): readonly string[] {
  const question = message.length < headerBytes ? undefined : readName(message, headerBytes);
  if (question === undefined) return [];
  const addresses: string[] = [];
  let at = question.end + 4;
  for (let left = message.readUInt16BE(6); left > 0; left -= 1) {
    const end = readName(message, at)?.end;
    if (end === undefined || end + 10 > message.length) break;
    const size = message.readUInt16BE(end + 8);
    const data = message.subarray(end + 10, end + 10 + size);
    if (message.readUInt16BE(end) === recordTypes.A && data.length === 4) addresses.push([...data].join('.'));
    at = end + 10 + size;
  }
  return addresses;
}

function encodeRecord(record: DnsRecord, question: Question): Buffer {
  // Most records are of the name that was asked for, which is where the question begins.
  const name = record.name === question.name ? numbers(0xc000 | headerBytes) : encodeName(record.name);
  const data = encodeData(record);
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(recordTypes[record.type], 0);
  fixed.writeUInt16BE(internet, 2);
  fixed.writeUInt32BE(record.seconds, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([name, fixed, data]);
}

function encodeData(record: DnsRecord): Buffer {
  switch (record.type) {
    case 'A':
      return Buffer.from(record.address.split('.').map(Number));
    case 'CNAME':
    case 'PTR':
      return encodeName(record.target);
    case 'SRV':
      return Buffer.concat([numbers(record.priority, record.weight, record.port), encodeName(record.target)]);
    case 'SOA': {
      const times = Buffer.alloc(20);
      [1, 7_200, 1_800, 86_400, record.minimumSeconds].forEach((each, index) => times.writeUInt32BE(each, 4 * index));
      return Buffer.concat([encodeName(record.server), encodeName(record.contact), times]);
    }
  }
}

function encodeName(name: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '');
  return Buffer.from(`${labels.map((label) => String.fromCharCode(label.length) + label).join('')}\0`, 'latin1');
}

function numbers(...values: readonly number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 2);
  values.forEach((value, index) => buffer.writeUInt16BE(value, index * 2));
  return buffer;
}

/** Follows references to earlier names, which only lead backwards. */
function readName(message: Buffer, start: number): { readonly name: string; readonly end: number } | undefined {
  const labels: string[] = [];
  let at = start;
  let end: number | undefined;
  for (;;) {
    const size = message[at];
    if (size === undefined || labels.length > maximumLabels) return undefined;
    if (size === 0) return { name: labels.join('.'), end: end ?? at + 1 };
    if (size >= 0xc0) {
      const target = ((size & 0x3f) << 8) | (message[at + 1] ?? 0);
      if (target >= at) return undefined;
      end ??= at + 2;
      at = target;
    } else {
      if (size > 63 || at + 1 + size > message.length) return undefined;
      labels.push(message.toString('latin1', at + 1, at + 1 + size));
      at += 1 + size;
    }
  }
}
