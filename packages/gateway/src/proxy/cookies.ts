import type { Field } from '../http1/fields.ts';

/** The first cookie of that name; undefined if there is none. */
export function cookieOf(fields: readonly Field[], name: string): string | undefined {
  for (const field of fields) {
    if (field.key !== 'cookie') continue;
    for (const pair of field.value.split(';')) {
      const equals = pair.indexOf('=');
      if (equals >= 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
    }
  }
  return undefined;
}

export interface GivenCookie {
  readonly name: string;
  readonly value: string;
  /** Absent: until the browser ends. */
  readonly seconds?: number | undefined;
  /** It came by TLS, and is not to go by anything else. */
  readonly isSecure: boolean;
}

/** A whole header line. No script needs it, and no other site's form is to bring it along. */
export function formatSetCookie({ name, value, seconds, isSecure }: GivenCookie): string {
  const age = seconds === undefined ? '' : `; Max-Age=${seconds}`;
  return `Set-Cookie: ${name}=${value}; Path=/${age}; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}\r\n`;
}
