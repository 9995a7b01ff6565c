import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext, createServer, type SecureContext, type Server } from 'node:tls';
import type { Secret } from '@slipway/kube/api.generated';
import type { Logger } from '@slipway/kube/logger';
import type { ObjectKey } from '@slipway/kube/object';
import { parentOf, type RoutingTable } from './routing/routing-table.ts';

export interface CertificatesOptions {
  readonly logger: Logger;
  secret(key: ObjectKey): Secret | undefined;
  /** How long a client may take to agree on keys; 10 s unless said otherwise. */
  readonly handshakeMilliseconds?: number | undefined;
}

const defaultHandshakeMilliseconds = 10_000;
const certificateBlock = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

interface Usable {
  readonly context: SecureContext;
  readonly pem: string;
}

/** Certificates by host name, from Secrets of type kubernetes.io/tls; parsed once a version of the Secret. */
export class Certificates {
  readonly #options: CertificatesOptions;
  readonly #parsed = new WeakMap<Secret, Usable | 'invalid'>();
  #byHost: RoutingTable['certificates'] = new Map();

  constructor(options: CertificatesOptions) {
    this.#options = options;
  }

  install(table: RoutingTable): void {
    this.#byHost = table.certificates;
  }

  /** By host, for another program that ends TLS: every certificate that is usable, with its key, in PEM. */
  all(): ReadonlyMap<string, string> {
    const all = new Map<string, string>();
    for (const [host, key] of this.#byHost) {
      const usable = this.#read(this.#options.secret(key));
      if (usable !== undefined) all.set(host, usable.pem);
    }
    return all;
  }

  /** A TLS server that ends the handshake where there is no certificate for the name that the client asks for. */
  createServer(): Server {
    const server = createServer({
      allowHalfOpen: true,
      handshakeTimeout: this.#options.handshakeMilliseconds ?? defaultHandshakeMilliseconds,
      ALPNProtocols: ['http/1.1'],
      minVersion: 'TLSv1.2',
      SNICallback: (name, done) => {
        const context = this.#find(name.toLowerCase());
        if (context === undefined) done(new Error(`no certificate for ${name}`));
        else done(null, context);
      },
    });
    // A handshake that fails or takes too long leaves its socket open.
    server.on('tlsClientError', (_, socket) => socket.destroy());
    return server;
  }

  #find(host: string): SecureContext | undefined {
    const key = this.#byHost.get(host) ?? this.#byHost.get(`*.${parentOf(host)}`);
    return this.#read(key && this.#options.secret(key))?.context;
  }

  #read(secret: Secret | undefined): Usable | undefined {
    if (secret === undefined) return undefined;
    const parsed = this.#parsed.get(secret) ?? this.#tryParse(secret);
    this.#parsed.set(secret, parsed);
    return parsed === 'invalid' ? undefined : parsed;
  }

  #tryParse(secret: Secret): Usable | 'invalid' {
    const { data, metadata } = secret;
    const [cert, key] = [decode(data?.['tls.crt']), decode(data?.['tls.key'])];
    try {
      return { context: createSecureContext({ cert, key }), pem: formatPem(cert, key) };
    } catch (error) {
      this.#options.logger.warn('the Secret holds no usable certificate', {
        namespace: metadata.namespace,
        name: metadata.name,
        kind: 'Secret',
        error,
      });
      return 'invalid';
    }
  }
}

/** Written anew: what else stands in a Secret another program may read as a key of its own, or refuse with all the rest. */
function formatPem(cert: Buffer, key: Buffer): string {
  const blocks = cert.toString('latin1').match(certificateBlock) ?? [];
  // OpenSSL reads other labels too; a key alone, though, would make HAProxy refuse all certificates.
  if (blocks.length === 0) throw new Error('tls.crt holds no block of PEM that begins with BEGIN CERTIFICATE');
  const chain = blocks.map((block) => new X509Certificate(block).toString());
  return [...chain, createPrivateKey(key).export({ type: 'pkcs8', format: 'pem' })].join('');
}

function decode(base64: string | undefined): Buffer {
  return Buffer.from(base64 ?? '', 'base64');
}
