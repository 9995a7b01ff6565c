import { maxFields, maxHeadBytes, neverHopByHop } from '../http1/fields.ts';
import type { ListenAddress } from '../listen.ts';
import { ownHeaderPattern } from '../proxy/messages.ts';
import { type HeaderSet, maxHeaderSetBytes } from './header-sets.ts';
import { plainHostPattern } from './layout.ts';
import { backendsOfSlot, builtInServerName, type MapName } from './runtime-state.ts';
import { namesOf, type SlotCounts } from './slots.ts';
import type { WorkerUser } from './worker-user.ts';

/** What only another configuration can change. */
export interface Structure {
  readonly listen: ListenAddress | undefined;
  readonly tlsListen: ListenAddress | undefined;
  readonly counts: SlotCounts;
  readonly headerSets: ReadonlyMap<string, HeaderSet>;
  /** By host: certificate and key in PEM. */
  readonly certificates: ReadonlyMap<string, string>;
}

/** Where its files and sockets are; no part of a path may have a meaning in the configuration. */
export interface Places {
  map(map: MapName): string;
  /** A worker has a socket of its own, so that an answer is never an older one's. */
  readonly commands: string;
  readonly certificateList: string;
  /** Sockets of this process. A worker reaches them when it has given up its rights, by what the path is in its jail. */
  readonly trafficLog: string;
  readonly builtIn: string;
  /** What a worker that was started by root becomes. */
  readonly jail: Jail | undefined;
}

/** A user without rights, who sees nothing but a directory. */
export interface Jail {
  readonly path: string;
  readonly user: WorkerUser;
}

const maxOldWorkers = 50;
/** Headers of routes, and what we say about a client, whose Host is among it. */
const maxAddedBytes = maxHeaderSetBytes + 4 * 1024;
/** Of a request or an answer: what HAProxy and we put beside what was sent. */
const maxAddedFields = 16;

/** Pure: nothing of it comes from the routing table but header sets, which are quoted. */
export function renderConfig(structure: Structure, places: Places): string {
  const others = otherwise(places);
  return [
    ...globalSection(places),
    ...defaultsSection(),
    ...frontendSection(structure, places),
    ...builtInBackend(places),
    ...namesOf('plain', structure.counts.plain).flatMap((slot) => slotBackends(slot, others)),
    ...namesOf('compressing', structure.counts.compressing).flatMap((slot) =>
      slotBackends(slot, [...compression, ...others]),
    ),
    '',
  ].join('\n');
}

function globalSection({ commands, trafficLog, jail }: Places): string[] {
  return [
    'global',
    ...(jail === undefined ? [] : [`  chroot ${jail.path}`, `  uid ${jail.user.uid}`, `  gid ${jail.user.gid}`]),
    `  stats socket unix@${commands} mode 600 level admin expose-fd listeners`,
    '  stats timeout 1m',
    // The rest of an old worker's connections may outlast many reloads, but not all of them.
    `  mworker-max-reloads ${maxOldWorkers}`,
    // A head of a request or an answer has to fit, and beside it and any part of a body what we add.
    `  tune.bufsize ${maxHeadBytes + maxAddedBytes}`,
    `  tune.maxrewrite ${maxAddedBytes}`,
    `  tune.http.maxhdr ${maxFields + maxAddedFields}`,
    '  ssl-default-bind-options ssl-min-ver TLSv1.2',
    '  tune.ssl.default-dh-param 2048',
    'ring traffic',
    '  format raw',
    '  maxlen 128',
    '  size 4194304',
    '  timeout connect 5s',
    '  timeout server 10s',
    `  server collector unix@${trafficLog}`,
  ];
}

/** Time limits as the built-in proxy has them. */
function defaultsSection(): string[] {
  return [
    'defaults',
    '  mode http',
    '  timeout connect 3s',
    // For a client that takes its answer; the head of a request has a limit of its own.
    '  timeout client 300s',
    '  timeout server 300s',
    '  timeout http-request 60s',
    '  timeout http-keep-alive 120s',
    '  timeout tunnel 24h',
    '  timeout client-fin 60s',
    '  timeout server-fin 60s',
    // Of a client or pod whose machine has gone away without a word nothing else would tell.
    '  option tcpka',
    ...['clitcpka', 'srvtcpka'].flatMap((side) => [`  ${side}-idle 30s`, `  ${side}-intvl 5s`, `  ${side}-cnt 6`]),
    // After a reload a kept connection may come with one more request: it is answered before the connection ends.
    '  option idle-close-on-response',
    // A client that leaves takes its request with it.
    '  option abortonclose',
    // Once more, and on another pod if there is one; at once, which only this kind of balancing does.
    '  retries 1',
    '  option redispatch 1',
    '  balance random(8)',
    '  http-error status 502 content-type "text/plain; charset=utf-8" string "the application gave no answer\\n"',
    '  http-error status 503 content-type "text/plain; charset=utf-8" string "no pod could be reached\\n" hdr Retry-After 1',
    'backend turns',
    '  stick-table type string len 64 size 20k expire 1h store gpc0',
  ];
}

const isSplit = '{ var(txn.target) -m beg s: }';
const isIdempotent = '{ method GET HEAD OPTIONS PUT DELETE TRACE }';

function frontendSection({ listen, tlsListen, headerSets }: Structure, places: Places): string[] {
  const map = (name: MapName, how: 'str' | 'beg' = 'str'): string => `map_${how}(${places.map(name)})`;
  return [
    'frontend clients',
    ...(listen === undefined ? [] : [`  bind ${formatAddress(listen)} proto h1`]),
    ...(tlsListen === undefined
      ? []
      : [
          `  bind ${formatAddress(tlsListen)} proto h1 ssl strict-sni alpn http/1.1 crt-list ${places.certificateList}`,
        ]),
    '  log ring@traffic format raw local0',
    '  log-format "%b %s %ST %Ta %ts"',
    '  http-request set-var(txn.name) req.fhdr(host),host_only,lower',
    '  http-request set-var(txn.path) path',
    `  http-request set-var(txn.host) var(txn.name),${map('hosts')}`,
    `  http-request set-var(txn.host) var(txn.name),regsub('^[^.]*\\.',''),${map('wildcards')} if !{ var(txn.host) -m found } { var(txn.name) -m reg '^[^.]+\\.' }`,
    '  http-request set-var(txn.host) str(*) if !{ var(txn.host) -m found }',
    `  http-request set-var(txn.rule) var(txn.host),concat(,txn.path,),${map('exact')}`,
    `  http-request set-var(txn.rule) var(txn.host),concat(,txn.path,/),${map('prefixes', 'beg')} if !{ var(txn.rule) -m found }`,
    `  http-request set-var(txn.target) var(txn.rule),${map('rules')}`,
    `  http-request track-sc0 var(txn.target) table turns if ${isSplit}`,
    `  http-request set-var(txn.total) var(txn.target),field(3,:) if ${isSplit}`,
    `  http-request set-var(txn.stride) var(txn.target),field(4,:) if ${isSplit}`,
    `  http-request set-var(txn.turn) sc_inc_gpc0(0),mul(txn.stride),mod(txn.total) if ${isSplit}`,
    `  http-request set-var(txn.target) var(txn.target),concat(.,txn.turn,),${map('splits')} if ${isSplit}`,
    `  http-request del-header '${ownHeaderPattern}' -m reg`,
    // The others of one connection are HAProxy's own matter.
    ...['request', 'response'].flatMap((way) =>
      ['Keep-Alive', 'Proxy-Connection'].map((name) => `  http-${way} del-header ${name}`),
    ),
    '  http-request set-header X-Forwarded-For %[src]',
    '  http-request set-header X-Forwarded-Host %[req.fhdr(host)]',
    '  http-request set-header X-Forwarded-Proto http if !{ ssl_fc }',
    '  http-request set-header X-Forwarded-Proto https if { ssl_fc }',
    `  http-response deny status 502 if { res.hdr(connection) -i ${neverHopByHop.join(' ')} }`,
    ...headerRules(headerSets, map('headers')),
    // What has a meaning of its own, and whatever could be understood in two ways, is the built-in proxy's.
    '  use_backend built-in if { req.hdr(upgrade) -m found }',
    '  use_backend built-in if { method CONNECT }',
    '  use_backend built-in if { req.fhdr(connection) -m found } !{ req.fhdr(connection) -i keep-alive close }',
    // A condition holds if any of several lines fulfils it.
    '  use_backend built-in if { req.fhdr_cnt(connection) gt 1 }',
    '  use_backend built-in if { req.hdr(expect) -m found } !{ req.hdr(expect) -i 100-continue }',
    `  use_backend built-in if !{ var(txn.name) -m reg '${plainHostPattern}' }`,
    `  use_backend %[var(txn.target)] if { var(txn.target) -m found } ${isIdempotent}`,
    '  use_backend %[var(txn.target)].once if { var(txn.target) -m found }',
    '  default_backend built-in',
  ];
}

function headerRules(headerSets: ReadonlyMap<string, HeaderSet>, map: string): string[] {
  if (headerSets.size === 0) return [];
  const rules = [...headerSets].flatMap(([id, headers]) =>
    [...headers].map(
      ([name, value]) =>
        `  http-response set-header ${quoteText(name)} ${quoteFormat(value)} if { var(txn.headers) -m str ${id} }`,
    ),
  );
  return [`  http-request set-var(txn.headers) var(txn.rule),${map}`, ...rules];
}

/** Between single quotes nothing has a meaning to the configuration. */
function quoteText(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Where HAProxy expects a format, `%` doubled has no meaning to it either. */
function quoteFormat(text: string): string {
  return quoteText(text.replaceAll('%', '%%'));
}

function builtInBackend({ builtIn }: Places): string[] {
  // It has limits of its own; an answer that it keeps waiting is a request that is held.
  return [
    'backend built-in',
    '  http-reuse always',
    '  retries 3',
    '  timeout server 24h',
    `  server ${builtInServer(builtIn)}`,
  ];
}

function builtInServer(socket: string): string {
  return `${builtInServerName} unix@${socket} pool-purge-delay 5s`;
}

const compression = [
  '  compression algo gzip',
  '  compression type text/html text/plain text/css text/csv text/xml text/javascript text/markdown application/json application/javascript application/xml application/wasm application/manifest+json application/ld+json application/problem+json application/rss+xml application/atom+xml application/xhtml+xml image/svg+xml',
];

/**
 * What a slot's only pod fails to answer HAProxy would send to that pod again, over one kept connection after the other that
 * died with it. It is named instead, and not among those that are balanced, which is what HAProxy tries next: that is the proxy
 * behind it, as where no pod of several can be reached, because that knows whom else a request may go to.
 */
function otherwise({ map, builtIn }: Places): readonly string[] {
  const only = `var(txn.target),map_str(${map('only')})`;
  return [`  use-server %[${only}] if { ${only} -m found }`, `  server ${builtInServer(builtIn)} backup`];
}

/** HAProxy may try the next kept connection instead of a new one, and a pod closes those that it had long enough together. */
const maxRetriesOfKept = 3;

function slotBackends(slot: string, options: readonly string[]): string[] {
  const [kept, once] = backendsOfSlot(slot);
  return [
    `backend ${kept}`,
    '  http-reuse always',
    '  retry-on conn-failure empty-response',
    `  retries ${maxRetriesOfKept}`,
    ...options,
    `backend ${once}`,
    '  http-reuse never',
    '  option http-server-close',
    // What no pod has got may be tried longer: each of these has a connection to make, which a busy pod is slow to take.
    '  retries 3',
    ...options,
  ];
}

function formatAddress({ host, port }: ListenAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
