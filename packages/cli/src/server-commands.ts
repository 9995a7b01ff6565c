/** The deployment server, and the commands that talk to one. */
import { Option, type Command } from 'commander';
import { command } from './command.ts';
import {
  ofEmbeddedCluster,
  parseGrant,
  parseLeaseSeconds,
  parseNetwork,
  parseOrigin,
  parsePort,
  partOptions,
  withGlobalOptions,
  parseKept,
} from './options.ts';

/** Those of the server, which is read with its command. */
const roles = ['view', 'operate', 'approve', 'admin'];

export function addServerCommands(program: Command): void {
  const server = withGlobalOptions(
    command(program, 'server', [
      'slipway server',
      'slipway server --context production --database postgres://slipway@db.example.org/slipway',
      'slipway server --port 8090 --anonymous view',
    ]),
    { ...partOptions, namespace: 'serve the Applications of this namespace alone (default: every namespace)' },
  )
    .summary('run the deployment server alone, against any cluster')
    .description(
      'Runs the server that people and pipelines talk to: the API, its streams, and the history of releases, which outlives their objects.',
    )
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <n>', 'port for HTTP; 0: any free one', parsePort, 8090)
    .option('--database <url>', 'postgres://… (default: $SLIPWAY_DATABASE, then SQLite in the data directory)')
    .option('--data-dir <dir>', 'where it keeps its database and the first token')
    .option(
      '--key-file <file>',
      'key of the secrets in the database, the same for all servers on it (default: server-key in the data directory)',
    )
    .addOption(
      new Option('--anonymous <role>', 'what somebody without a login may (default: nothing)').choices([...roles]),
    )
    .option('--compat-root', 'the API of the Amdatu deployer at the root, beside /compat/amdatu', false)
    .option('--oidc-issuer <url>', 'where people log in, beside tokens, such as https://login.example.org')
    .option('--oidc-client-id <id>', 'what the issuer calls this server')
    .option('--oidc-client-secret-file <file>', 'its secret there (default: none, a public client)')
    .option(
      '--oidc-grant <group=role>',
      'what a group may, such as developers=operate:shop,bank; repeatable',
      parseGrant,
      [],
    )
    .option('--oidc-groups-claim <name>', 'claim with the groups', 'groups')
    .option('--oidc-name-claim <name>', 'claim with the name', 'sub')
    .option('--oidc-scope <scopes>', 'what the issuer is asked for', 'openid profile email')
    .option('--public-url <url>', 'where people reach it, as through a proxy, such as https://deploy.example.org')
    .option(
      '--gateway-port <n>',
      'port under which people reach the gateway, for links to previews (default: 80)',
      parsePort,
    )
    .option(
      '--gateway-tls-port <n>',
      'the same of its TLS (default: 443, and none where --gateway-port is given)',
      parsePort,
    )
    .option(
      '--trusted-proxy <address>',
      'address or network of a proxy that is believed in what X-Forwarded-For says; repeatable',
      parseNetwork,
      [],
    )
    .option(
      '--cors-origin <origin>',
      'whose pages may ask it with a token; repeatable (default: its own)',
      parseOrigin,
      [],
    )
    .option('--keep-releases <n>', 'releases of each application that history keeps (default: all)', parseKept)
    .option(
      '--keep-days <n>',
      'days for which history keeps a release, and the audit what was done (default: for ever)',
      parseKept,
    )
    .option(
      '--lease-seconds <n>',
      'how long other servers wait for one that is silent, the same for all of them',
      parseLeaseSeconds,
      15,
    )
    .option('--no-install-kinds', 'leave the CustomResourceDefinitions as they are: somebody else installs them')
    .option('--allow-private-targets', 'send notifications to private addresses and this machine too', false)
    .action(async (options) => (await import('./commands/server.ts')).server(options));
  addExportCommand(server);
  addHooksCommand(program);
}

/** Of a command that talks to a deployment server. */
function withServer(target: Command): Command {
  return target
    .option('--server <url>', 'deployment server (default: $SLIPWAY_SERVER, then the one of the embedded cluster)')
    .option('--token-file <file>', 'token to show it (default: $SLIPWAY_TOKEN, then that of the embedded cluster)')
    .option('--data-dir <dir>', 'data directory of the embedded cluster');
}

const ofServer = {
  ...ofEmbeddedCluster,
  namespace: 'taken as everywhere, and without a meaning here',
  output: 'print what the server answers as data',
};

function addHooksCommand(program: Command): void {
  withServer(
    withGlobalOptions(
      command(program, 'hooks [webhook] [delivery]', [
        'slipway hooks',
        'slipway hooks production',
        'slipway hooks production dGhlIGRlbGl2ZXJ5 --repeat',
        'slipway hooks --server https://deploy.example.org --token-file token',
      ]),
      ofServer,
    ),
  )
    .summary('show the webhooks of a deployment server, and what came of their deliveries')
    .description(
      'Lists the webhooks of a deployment server with their rules, the last deliveries of one of them, or one delivery with its outcome, object by object. Takes the token of an admin.',
    )
    .option('--repeat', 'do again what the delivery asked for', false)
    .action(async (webhook, delivery, options) =>
      (await import('./commands/hooks.ts')).hooks({ webhook, delivery }, options),
    );
}

function addExportCommand(server: Command): void {
  withServer(
    withGlobalOptions(
      command(server, 'export [file]', [
        'slipway server export history.ndjson',
        'slipway server export --server https://deploy.example.org --token-file token | gzip > history.gz',
      ]),
      { ...ofServer, output: 'taken as everywhere, and without a meaning here: it is lines of JSON' },
    ),
  )
    .summary('write down all that a deployment server remembers')
    .description(
      'Writes every release with its log, measurements and commands, and the audit, a line of JSON for each thing, to a file or to standard output. A file is there when it is whole. Takes the token of an admin.',
    )
    .action(async (file, options) => (await import('./commands/server-export.ts')).serverExport(file, options));
}
