import { createSecureContext, createServer, type SecureContext, type Server } from 'node:tls';
import type { Secret } from '@slipway/kube/api.generated';
import type { Logger } from '@slipway/kube/logger';
import type { ObjectKey } from '@slipway/kube/object';
import type { RoutingTable } from './routing/routing-table.ts';

export interface CertificatesOptions {
  readonly logger: Logger;
  secret(key: ObjectKey): Secret | undefined;
  /** How long a client may take to agree on keys; 10 s unless said otherwise. */
  readonly handshakeMilliseconds?: number | undefined;
}

const defaultHandshakeMilliseconds = 10_000;

/** Certificates by host name, from Secrets of type kubernetes.io/tls; parsed once a version of the Secret. */
export class Certificates {
  readonly #options: CertificatesOptions;
  readonly #contexts = new WeakMap<Secret, SecureContext | 'invalid'>();
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
      const secret = this.#options.secret(key);
      if (secret === undefined || (this.#contexts.get(secret) ?? this.#parse(secret)) === 'invalid') continue;
      all.set(host, [decode(secret.data?.['tls.crt']), decode(secret.data?.['tls.key']), ''].map(String).join('\n'));
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
    const key = this.#byHost.get(host) ?? this.#byHost.get(`*.${host.slice(host.indexOf('.') + 1)}`);
    const secret = key && this.#options.secret(key);
    if (secret === undefined) return undefined;
    const context = this.#contexts.get(secret) ?? this.#parse(secret);
    return context === 'invalid' ? undefined : context;
  }

  #parse(secret: Secret): SecureContext | 'invalid' {
    const context = this.#tryParse(secret);
    this.#contexts.set(secret, context);
    return context;
  }

  #tryParse(secret: Secret): SecureContext | 'invalid' {
    const { data, metadata } = secret;
    try {
      return createSecureContext({ cert: decode(data?.['tls.crt']), key: decode(data?.['tls.key']) });
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

function decode(base64: string | undefined): Buffer {
  return Buffer.from(base64 ?? '', 'base64');
}
