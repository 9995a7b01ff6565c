import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { addClusterCommands, levelOption } from './cluster-commands.ts';
import { command, leave } from './command.ts';
import { helpStyle, overview } from './help-style.ts';
import { addReleaseCommands } from './release-commands.ts';
import { addServerCommands } from './server-commands.ts';
import { parseLeaseSeconds, parsePort, parseRate, parseSeconds, partOptions, withGlobalOptions } from './options.ts';

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
  addInstallCommands(program);
  addController(program);
  addGateway(program);
  addServerCommands(program);
  addHiddenProcesses(program);
  addDemo(program);
  return program;
}

function version(): string {
  const manifest: { readonly version: string } = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  );
  return manifest.version;
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
    .option(
      '--try-objects',
      'let the server try ReplicaSets, Jobs and Services in dry runs: RBAC gives that only as the right to create them',
      false,
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

function addController(program: Command): void {
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
}

function addGateway(program: Command): void {
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
}

/** Processes that other commands start. */
function addHiddenProcesses(program: Command): void {
  program
    .command('deployment-process', { hidden: true })
    .action(async () => (await import('./embedded/deployment-process.ts')).deploymentProcess());
  program
    .command('server-process', { hidden: true })
    .action(async () => (await import('./embedded/server-process.ts')).serverProcess());
}

function addDemo(program: Command): void {
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
