/**
 * How others verify tokens of service accounts without asking this server about each.
 * https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#service-account-issuer-discovery
 */
import type { TransportRequest, TransportResponse } from '@slipway/kube/transport';
import { issuer, type ServiceAccountTokens } from './service-account-tokens.ts';

export const issuerPaths = ['/.well-known/openid-configuration', '/openid/v1/jwks'] as const;
const [configurationPath, keysPath] = issuerPaths;

/** Undefined for other paths. */
export function answerIssuer(
  request: Pick<TransportRequest, 'method' | 'path' | 'headers'>,
  tokens: ServiceAccountTokens,
): Promise<TransportResponse> | undefined {
  if (request.method !== 'GET' && request.method !== 'HEAD') return undefined;
  if (request.path === configurationPath) return Promise.resolve(configuration(request.headers['host']));
  return request.path === keysPath ? keys(tokens) : undefined;
}

/**
 * The keys are where the caller has found this server, as it says itself: nobody keeps that for others, who would fetch keys
 * from a host that somebody else has named.
 */
function configuration(host = new URL(issuer).host): TransportResponse {
  const content = {
    issuer,
    jwks_uri: `https://${host}${keysPath}`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
  };
  return document(content, { 'content-type': 'application/json', 'cache-control': 'no-store' });
}

async function keys(tokens: ServiceAccountTokens): Promise<TransportResponse> {
  const headers = { 'content-type': 'application/jwk-set+json', 'cache-control': 'public, max-age=3600' };
  return document({ keys: [await tokens.publicKey()] }, headers);
}

function document(value: object, headers: TransportResponse['headers']): TransportResponse {
  return { status: 200, headers, body: { kind: 'bytes', chunks: once(JSON.stringify(value)) } };
}

async function* once(text: string): AsyncIterable<Uint8Array> {
  yield Buffer.from(text);
}
