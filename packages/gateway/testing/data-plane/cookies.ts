import { exchangeRaw } from '../world.ts';
import type { Setting } from './setting.ts';

/** The last cookie of an answer as a client sends it back; empty if there is none. */
export function cookieGiven({ headers }: Awaited<ReturnType<Setting['call']>>): string {
  return headers['set-cookie']?.at(-1)?.split(';')[0] ?? '';
}

const connections = 10;

/** The bodies of the answers to requests with these header lines, over a few connections, in their order. Bodies have one line. */
export async function pipelined(port: number, lines: readonly string[]): Promise<readonly string[]> {
  const each = Math.ceil(lines.length / connections);
  const parts = Array.from({ length: connections }, (_, index) => lines.slice(index * each, (index + 1) * each));
  const texts = await Promise.all(
    parts.filter((part) => part.length > 0).map((part) => exchangeRaw(port, requests(part))),
  );
  return texts.flatMap((text) => text.split('HTTP/1.1 200 OK\r\n').slice(1).map(bodyOf));
}

function requests(lines: readonly string[]): string {
  return lines
    .map((own, index) => {
      const isLast = index === lines.length - 1;
      return `GET / HTTP/1.1\r\nHost: shop\r\n${own}${isLast ? 'Connection: close\r\n' : ''}\r\n`;
    })
    .join('');
}

/** Framed by a length or as one chunk. */
function bodyOf(answer: string): string {
  const body = answer.split('\r\n\r\n')[1] ?? '';
  return /^[0-9a-f]+\r\n/.test(body) ? (body.split('\r\n')[1] ?? '') : body;
}
