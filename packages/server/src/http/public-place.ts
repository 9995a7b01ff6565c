/** Where people reach the server, and what follows from that for their browsers. */

export interface PublicPlace {
  /** `https://deploy.example.org`; absent: wherever they ask. */
  readonly origin?: string | undefined;
  /** In small letters. */
  readonly hostName?: string | undefined;
  readonly cookie: {
    readonly name: string;
    /** Whether it goes over TLS alone; absent: as it was asked for. */
    readonly isSecure?: true | undefined;
  };
}

/** Rejects what is no such address; the text is for who gave it. */
export function placeOf(publicUrl: string | undefined): PublicPlace {
  if (publicUrl === undefined) return { cookie: { name: sessionCookie } };
  const url = URL.canParse(publicUrl) ? new URL(publicUrl) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || url.href !== `${url.origin}/`)
    throw new Error(
      `the public URL ${publicUrl} is none: expected https:// and a name, without a path, such as https://deploy.example.org`,
    );
  return {
    origin: url.origin,
    hostName: url.hostname.toLowerCase(),
    // A browser takes a cookie with this prefix from this very host over TLS alone: no neighbour can set one.
    cookie: url.protocol === 'https:' ? { name: `__Host-${sessionCookie}`, isSecure: true } : { name: sessionCookie },
  };
}

const sessionCookie = 'slipway_session';
