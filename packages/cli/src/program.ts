import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { addClusterCommands, levelOption } from './cluster-commands.ts';
import { command, leave } from './command.ts';
import { helpStyle, overview } from './help-style.ts';
import {
  chooseManifests,
  collect,
  ofEmbeddedCluster,
  parseCount,
  parseGrant,
  parseImage,
  parseLeaseSeconds,
  parseNetwork,
  parseOrigin,
  parsePort,
  parseRate,
  parseSeconds,
  partOptions,
  withGlobalOptions,
  withManifests,
  withWait,
  withoutCluster,
  parseKept,
} from './options.ts';
import { verbs } from './verb-table.ts';

/** Those of the server, which is read with its command. */
const roles = ['view', 'operate', 'approve', 'admin'];

/**
 * The command line. Each action imports its command when it is called: `slipway status` must not pay for the modules
 * of an embedded cluster.
 */
export function createProgram(): Command {
  const program = new Command('slipway')
    .description('Takes an application from a commit to production on Kubernetes without dropping a request.')
    .showHelpAfterError('(add --help for what this command takes)')
    .showSuggestionAfterError()
    .configureHelp(helpStyle)
    .version(version(), '--version', 'print the version and exit')
    // Or else `deploy --version V` would ask for the version of slipway.
    .enablePositionalOptions()
    .addHelpText('after', overview)
    .exitOverride(leave);
  addClusterCommands(program);
  addReleaseCommands(program);
  addCopyCommand(program);
  addVerbCommands(program);
  addApproveCommand(program);
  addHandoverCommands(program);
  addInstallCommands(program);
  addPartCommands(program);
  return program;
}

function version(): string {
  const manifest: { readonly version: string } = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  );
  return manifest.version;
}

function addCopyCommand(program: Command): void {
  const copying = withGlobalOptions(
    command(program, 'copy <application>', [
      'slipway copy shop --to production',
      'slipway copy shop --to production-cluster/shop --wait=promoted',
      'slipway copy shop --to production --with-configuration --host shop.example.org --dry-run',
    ]),
    { context: 'context of the cluster to copy from', namespace: 'namespace to copy from' },
  )
    .summary('carry the version that serves to another namespace or cluster')
    .description(
      'Releases the version that serves here in another namespace: its template, configuration, checks, hooks and strategy, as they were released. What belongs to the place stays as it is there: replicas, route, history, preview hosts.',
    )
    .requiredOption('--to <target>', 'CONTEXT/NAMESPACE, or NAMESPACE of the same cluster')
    .option('--version <version>', 'another version than the one that serves')
    .option('--host <host>', 'host of its route there, in place of those that it has; repeatable', collect, [])
    .option('--with-configuration', 'copy ConfigMaps and Secrets that do not exist there', false)
    .option('--force', 'copy a version that has not succeeded, too', false)
    .option('--dry-run', 'show what would change there, and change nothing', false);
  withWait(copying, 'wait until the release there is promoted, or has succeeded').action(async (application, options) =>
    (await import('./commands/copy.ts')).copy(application, options),
  );
}

function addReleaseCommands(program: Command): void {
  const deploying = withGlobalOptions(
    withManifests(
      command(program, 'deploy', [
        'slipway deploy slipway.yaml',
        'slipway deploy slipway.yaml --version 1.5.0 --image web=shop:1.5.0 --wait',
        'slipway deploy manifests/ --wait=promoted --timeout 120',
        'slipway deploy slipway.yaml --dry-run',
        'kubectl kustomize overlays/prod | slipway deploy -',
      ]),
    ),
  )
    .summary('apply manifests; a changed Application starts a release')
    .description(
      'Applies the manifests in a file, a directory or standard input (-). An Application whose version, template or configuration changed starts a release.',
    )
    .option('--version <version>', 'version of the release')
    .option('--image <container=image>', 'image of a container; repeatable', parseImage, [])
    .option('--strategy <type>', 'release strategy, such as rolling or blueGreen')
    .option('--dry-run', 'say what would change, or what is wrong, and change nothing', false);
  withWait(deploying, 'wait until the release is promoted, or has succeeded').action(async (file, options) =>
    (await import('./commands/deploy.ts')).deploy(chooseManifests(file, options.filename), options),
  );
  withGlobalOptions(
    withManifests(
      command(program, 'lint', [
        'slipway lint slipway.yaml',
        'slipway lint manifests/ --strict',
        'slipway lint slipway.yaml -o json',
        'kubectl kustomize overlays/prod | slipway lint -',
      ]),
    ),
    withoutCluster,
  )
    .summary('say what is wrong or risky in manifests')
    .description(
      'Looks at the manifests in a file, a directory or standard input (-) without any cluster: what would be refused, and what may cost requests later.',
    )
    .option('--strict', 'fail on warnings too', false)
    .action(async (file, options) =>
      (await import('./commands/lint.ts')).lint(chooseManifests(file, options.filename), options),
    );
  withGlobalOptions(
    command(program, 'diff <what> [from] [to]', [
      'slipway diff slipway.yaml',
      'slipway diff manifests/',
      'slipway diff shop 1.4.0 1.5.0',
    ]),
    { output: 'print both sides of what differs as data' },
  )
    .summary('show what a deployment would change, or what two versions differ in')
    .description(
      'Compares the manifests in a file, a directory or standard input (-) with what is in the cluster, by a dry run, or two versions of an Application with the configuration that was frozen with them. Values of Secrets are not shown. It exits with 0 where nothing differs, with 1 where something does, and with more where that cannot be told.',
    )
    .action(async (what, from, to, options) => (await import('./commands/diff.ts')).diff({ what, from, to }, options));
  withGlobalOptions(
    command(program, 'releases <application>', ['slipway releases shop', 'slipway releases shop -o json']),
  )
    .summary('list the releases of an Application')
    .action(async (application, options) => (await import('./commands/releases.ts')).releases(application, options));
  withGlobalOptions(command(program, 'describe <name>', ['slipway describe shop', 'slipway describe shop-1.5.0']))
    .summary('show an Application or a Release, and what it waits for')
    .action(async (name, options) => (await import('./commands/describe.ts')).describe(name, options));
  withGlobalOptions(
    command(program, 'logs <application>', [
      'slipway logs shop',
      'slipway logs shop -f --tail 10',
      'slipway logs shop --previous',
    ]),
    { output: 'print each line as data, with its pod and container' },
  )
    .summary("print the logs of an Application's pods, merged")
    .option('-f, --follow', 'go on as pods write', false)
    .option('--tail <lines>', 'lines of each container to begin with', parseCount)
    .option('-p, --previous', 'what containers wrote before their last restart', false)
    .option('--timestamps', 'the time before each line', false)
    .action(async (application, options) => (await import('./commands/logs.ts')).logs(application, options));
}

function addVerbCommands(program: Command): void {
  for (const verb of verbs) {
    const target = withGlobalOptions(command(program, `${verb.name} ${verb.arguments}`, verb.examples)).summary(
      verb.summary,
    );
    withWait(
      target,
      'wait until the release has succeeded, or gone back if that is asked; promoted: until its traffic has moved',
    );
    target.action(async (application: string, ...rest: readonly unknown[]) => {
      const { runVerb } = await import('./commands/verbs.ts');
      const version = typeof rest[0] === 'string' ? rest[0] : undefined;
      await runVerb({ verb: verb.name, application, version, options: target.opts() });
    });
  }
}

function addApproveCommand(program: Command): void {
  withGlobalOptions(
    command(program, 'approve <application>', [
      'slipway approve shop',
      'slipway approve shop --gate sign-off --reason "read and agreed"',
    ]),
  )
    .summary('agree to the running release, where a hook of it asks somebody to')
    .description(
      'Creates a ReleaseApproval for the hook that waits for one. It agrees to that hook and starts nothing by itself; promote ends pauses and gates, and approves no hook.',
    )
    .option('--gate <name>', 'the hook to agree to (default: the one that waits)')
    .option('--reason <text>', 'why; shown with the outcome')
    .action(async (application, options) => (await import('./commands/approve.ts')).approve(application, options));
}

function addHandoverCommands(program: Command): void {
  const handover = (name: 'adopt' | 'eject', examples: readonly string[]): Command =>
    withGlobalOptions(command(program, `${name} <deployment>`, examples), { output: 'print what changes as data' })
      .option('--move-hpa', 'point its HorizontalPodAutoscaler at what will have the pods', false)
      .option('--dry-run', 'show what would change, and change nothing', false)
      .option('-y, --yes', 'change it without asking', false)
      .option('--timeout <seconds>', 'how long it may take; run again it goes on where it was', parseSeconds, 120);
  handover('adopt', [
    'slipway adopt shop --dry-run',
    'slipway adopt shop',
    'slipway adopt shop --yes --strategy blueGreen',
  ])
    .summary('make an Application of a Deployment that runs, without restarting a pod')
    .description(
      'Takes the pods of a Deployment over as the first version of an Application, and shows first what will change. The Deployment stays, paused, as the place where the template is edited: a change of it is a release.',
    )
    .option('--name <name>', 'name of the Application (default: the one that refers to it, or its own name)')
    .option('--strategy <type>', 'release strategy of a new Application (default: rolling)')
    .action(async (deployment, options) => (await import('./commands/adopt.ts')).adopt(deployment, options));
  handover('eject', ['slipway eject shop --dry-run', 'slipway eject shop --yes'])
    .summary('give a Deployment its pods back, without restarting one')
    .description(
      'Hands the pods of the version that serves back to the Deployment, which goes on by itself with its template, and removes the Application.',
    )
    .action(async (deployment, options) => (await import('./commands/eject.ts')).eject(deployment, options));
}

function addInstallCommands(program: Command): void {
  withGlobalOptions(
    command(program, 'install', [
      'slipway install --image registry.example.org/slipway:0.1.0 --wait',
      'slipway install --namespace shop',
      'slipway install --server --wait',
      'slipway install --server-secret slipway-database',
      'slipway install -o yaml > slipway.yaml',
    ]),
    {
      namespace: 'serve this namespace alone, from within it, by Roles (default: every namespace)',
      output: 'print what would be written, and write nothing',
    },
  )
    .summary('install the kinds and controllers of Slipway in a cluster')
    .description(
      'Writes the CustomResourceDefinitions of Slipway, its roles, and a Deployment of two controllers. May run again: what is as it should be stays as it is.',
    )
    .option('--server', 'install the deployment server too, with SQLite on a volume of its own', false)
    .option(
      '--server-secret <name>',
      'install two deployment servers on the PostgreSQL that this Secret has the url of, with the key of their secrets',
    )
    .option('--image <image>', 'image of the controllers and the server', `slipway:${version()}`)
    .option('--dry-run', 'let the server check everything, and write nothing', false)
    .option('--wait', 'wait until the controllers are ready', false)
    .option('--timeout <seconds>', 'how long --wait waits (default: 300)', parseSeconds)
    .action(async (options) => (await import('./commands/install.ts')).install(options));
  withGlobalOptions(
    command(program, 'uninstall', [
      'slipway uninstall',
      'slipway uninstall --namespace shop',
      'slipway uninstall --crds --dry-run',
    ]),
    {
      namespace: 'of the controllers that serve this namespace alone',
      output: 'print what was removed as data',
    },
  )
    .summary('take the controllers out of a cluster; what serves goes on serving')
    .description(
      'Removes the controllers of Slipway and their roles. Applications, their pods, Services and routes stay as they are and go on serving.',
    )
    .option('--crds', 'remove the kinds too, and with them every record; pods, Services and routes stay', false)
    .option('--dry-run', 'say what would be removed, and remove nothing', false)
    .option('--timeout <seconds>', 'how long the controllers may take to end', parseSeconds, 120)
    .action(async (options) => (await import('./commands/uninstall.ts')).uninstall(options));
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

function addServerCommand(program: Command): void {
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

function addPartCommands(program: Command): void {
  withGlobalOptions(
    command(program, 'controller', [
      'slipway controller',
      'slipway controller --kubeconfig prod.yaml --context prod',
      'slipway controller --namespace shop --admin-port 9090',
    ]),
    { ...partOptions, namespace: 'serve the Applications of this namespace alone (default: every namespace)' },
  )
    .summary('run the delivery controller alone, against any cluster')
    .description(
      'Runs the delivery controller as a process of its own. Of several against one cluster one acts; the others stand by.',
    )
    .option(
      '--lease-seconds <n>',
      'how long the others wait for a leader that is silent; it stops acting itself after two thirds of that',
      parseLeaseSeconds,
      15,
    )
    .option(
      '--health-direct',
      'ask pods for their health at their own addresses, and not through the API server',
      false,
    )
    .option('--no-install-kinds', 'leave the CustomResourceDefinitions as they are: somebody else installs them')
    .option(
      '--api-rate <n>',
      'requests a second to the API server, twice that at once; what moves traffic goes first, leases are not counted',
      parseRate,
      50,
    )
    .option('--admin-port <n>', 'port for /metrics, /livez and /readyz; 0: any free one', parsePort)
    .option('--admin-host <address>', 'address of that port', '127.0.0.1')
    .action(async (options) => (await import('./commands/controller.ts')).controller(options));
  withGlobalOptions(
    command(program, 'gateway', [
      'slipway gateway --kubeconfig prod.yaml --host 0.0.0.0 --port 80',
      'slipway gateway --data-plane haproxy --port 8080 --tls-port 8443',
    ]),
    partOptions,
  )
    .summary('run a gateway alone, in front of any cluster')
    .description('Runs a gateway as a process of its own: a load balancer before a cluster whose pods it can reach.')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <n>', 'port for HTTP; 0: any free one', parsePort, 8080)
    .option('--tls-port <n>', 'port for HTTPS, with the certificates of the routes', parsePort)
    .option('--admin-port <n>', 'port on 127.0.0.1 for /metrics and /healthz', parsePort)
    .option('--address <address>', 'where clients reach it, for the status of Ingresses (default: the host)')
    .option('--name <name>', 'name of this gateway, unique among those of the cluster')
    .addOption(
      new Option('--data-plane <name>', 'what carries requests; auto: HAProxy where it is installed')
        .choices(['auto', 'built-in', 'haproxy'])
        .default('auto'),
    )
    .action(async (options) => (await import('./commands/gateway.ts')).gateway(options));
  addServerCommand(program);
  program
    .command('deployment-process', { hidden: true })
    .action(async () => (await import('./embedded/deployment-process.ts')).deploymentProcess());
  program
    .command('server-process', { hidden: true })
    .action(async () => (await import('./embedded/server-process.ts')).serverProcess());
  withGlobalOptions(command(program, 'demo', ['npm start', 'slipway demo --once', 'slipway demo --once -o json']), {
    kubeconfig: 'kubeconfig to add its cluster to while it runs (default: none)',
    context: 'what to call its context there (default: slipway-demo)',
    namespace: 'namespace to release in (default: default)',
    output: 'print the releases and what the load saw as data, and the story on standard error',
  })
    .summary('watch a release, an upgrade under load and a refused version')
    .option('--once', 'exit when done: 0 only if no request failed and the broken version was refused', false)
    .option('--rate <n>', 'requests a second', parseRate, 300)
    .addOption(levelOption())
    .action(async (options) => (await import('./commands/demo.ts')).demo(options));
}
