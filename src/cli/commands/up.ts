import { isIPv4 } from 'node:net';
import { stderr } from 'node:process';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { RequestLimits } from '../../cluster/api/http/traffic/traffic.js';
import type { RuntimeChoice } from '../../runtime/containers/choose-runtime.js';
import { dataFolderOption } from '../data-folder.js';
import { CommandFailure, EXIT } from '../exit-statuses.js';
import { remark } from '../output/print.js';
import type { AccessOptions } from '../server/access-options.js';
import { untilInterrupted } from '../server/interruption.js';
import { DEFAULT_MAINTENANCE, isMaintenanceTime } from '../server/maintenance-time.js';
import type { Server } from '../server/start-server.js';

export interface UpOptions {
  readonly dataDir: string;
  readonly runtime: RuntimeChoice;
  readonly nodes: number;
  readonly apiPort: number;
  readonly webPort: number;
  readonly ingressPort: number;
  readonly ingressTlsPort?: number;
  readonly pollInterval: number;
  readonly repo?: string;
  readonly path: string;
  readonly revision: string;
  readonly serviceCidr?: string;
  readonly disableAdmissionPlugins?: readonly string[];
  readonly authorizationMode: 'RBAC' | 'AlwaysAllow';
  readonly tokenAuthFile?: string;
  readonly clientCaFile?: string;
  readonly maxRequestsInflight: number;
  readonly maxMutatingRequestsInflight: number;
  readonly requestTimeout: number;
  readonly maintenance: string;
  readonly logLevel: string;
}

const wholeNumber = (least: number, most: number) => (text: string) => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new InvalidArgumentError(`a whole number from ${least} to ${most} is needed`);
  }
  return value;
};

const port = wholeNumber(0, 65_535);

const range = (text: string): string => {
  const [address = '', bits = ''] = text.split('/');
  const size = Number(bits);
  if (isIPv4(address) && Number.isInteger(size) && size >= 8 && size <= 28) return text;
  throw new InvalidArgumentError('a range such as 10.0.0.0/16 is needed, with 8 to 28 bits for the network');
};

const inFlight = wholeNumber(1, 100_000);

const namesOf = (text: string): readonly string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

/** The options that `up` and `demo` share. */
export const withServerOptions = (command: Command): Command =>
  command
    .addOption(
      new Option('--runtime <runtime>', 'what runs the containers; auto: Docker when an engine answers, else processes')
        .choices(['auto', 'docker', 'process', 'simulated'])
        .default('auto'),
    )
    .option('--nodes <count>', 'how many nodes share the runtime; 0 for none', wholeNumber(0, 5000), 1)
    .option('--api-port <port>', 'port of the Kubernetes API on 127.0.0.1; 0 takes a free one', port, 6443)
    .option('--web-port <port>', 'port of the web server on 127.0.0.1', port, 8090)
    .option('--ingress-port <port>', 'port of the ingress on 127.0.0.1', port, 8080);

const withApiOptions = (command: Command): Command =>
  command
    .option('--service-cidr <range>', 'IPv4 addresses of Services, chosen at the first start', range)
    .option('--disable-admission-plugins <names>', 'admission plugins to leave out, separated by commas', namesOf)
    .addOption(
      new Option('--authorization-mode <mode>', 'AlwaysAllow: whoever has shown a credential may do everything')
        .choices(['RBAC', 'AlwaysAllow'])
        .default('RBAC'),
    )
    .option('--token-auth-file <file>', 'further bearer tokens: lines of token,user,uid,"group1,group2"')
    .option('--client-ca-file <file>', 'certificates (PEM) whose client certificates are believed too')
    .option('--max-requests-inflight <count>', 'reads that may be under way at once', inFlight, 400)
    .option('--max-mutating-requests-inflight <count>', 'writes that may be under way at once', inFlight, 200)
    .option('--request-timeout <seconds>', 'time for a request that is no watch or stream', wholeNumber(1, 3600), 60);

const accessFrom = ({
  disableAdmissionPlugins,
  authorizationMode,
  tokenAuthFile,
  clientCaFile,
}: UpOptions): AccessOptions => ({
  authorizationMode,
  ...(disableAdmissionPlugins !== undefined && { disabledPlugins: disableAdmissionPlugins }),
  ...(tokenAuthFile !== undefined && { tokenFile: tokenAuthFile }),
  ...(clientCaFile !== undefined && { clientAuthorityFile: clientCaFile }),
});

const limitsFrom = (options: UpOptions): RequestLimits => ({
  readOnly: options.maxRequestsInflight,
  mutating: options.maxMutatingRequestsInflight,
  requestMs: options.requestTimeout * 1000,
});

const announce = (server: Server, dataDir: string): void => {
  remark(`runtime     ${server.runtimeReason}`);
  remark(`API         ${server.apiUrl}  (fairlead kubeconfig --data-dir ${dataDir})`);
  remark(`services    ${server.servicesReason}`);
  remark(`web         ${server.webUrl}`);
  const { ingressTlsPort } = server;
  const secure = ingressTlsPort === undefined ? '' : `  https://127.0.0.1:${ingressTlsPort}`;
  remark(`ingress     http://127.0.0.1:${server.ingressPort}${secure}`);
};

const description = 'Run the server: cluster, operator and ingress in this process';

export const upCommand = (): Command =>
  withApiOptions(withServerOptions(new Command('up').description(description)))
    .addOption(dataFolderOption())
    .option('--repo <url>', 'deploy this Git repository: makes the application "root"')
    .option('--path <path>', 'folder in the repository', '.')
    .option('--revision <revision>', 'branch, tag, commit or semver range', 'HEAD')
    .option('--ingress-tls-port <port>', 'port for Ingresses over HTTPS, with the certificates that they name', port)
    .option('--poll-interval <seconds>', 'time between looks at a repository', wholeNumber(1, 86_400), 120)
    .option(
      '--maintenance <cron>',
      'when what nobody needs any more is removed, in local time; "off" for never',
      DEFAULT_MAINTENANCE,
    )
    .addOption(
      new Option('--log-level <level>', 'how much is logged on stderr')
        .choices(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
        .default('info'),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  fairlead up\n  fairlead up --repo https://git.example/me/apps.git --path apps --revision main\n' +
        '  fairlead up --runtime simulated --nodes 100',
    )
    .action(async (options: UpOptions) => {
      if (!(await isMaintenanceTime(options.maintenance))) {
        const message = `--maintenance "${options.maintenance}" is invalid: a cron expression of five fields, or "off", is needed`;
        throw new CommandFailure(message, EXIT.usage);
      }
      const [{ startServer }, { createLog }, { rootApplication }] = await Promise.all([
        import('../server/start-server.js'),
        import('../server/log.js'),
        import('../server/root-application.js'),
      ]);
      const interrupted = untilInterrupted();
      const log = createLog(options.logLevel, stderr);
      const access = accessFrom(options);
      const server = await startServer({
        ...options,
        access,
        limits: limitsFrom(options),
        pollSeconds: options.pollInterval,
        log,
      });
      if (options.repo !== undefined) {
        await server.client.apply(rootApplication(options.repo, options.path, options.revision), {
          fieldManager: 'fairlead-up',
          force: true,
        });
      }
      announce(server, options.dataDir);
      await interrupted.happened;
      remark('stopping; containers keep running');
      await server.close();
    });
