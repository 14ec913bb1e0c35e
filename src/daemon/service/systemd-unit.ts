import type { ServiceSpec } from './service.ts';

export interface SystemdOptions {
  /** `systemd-notify` is at hand: systemd then knows when the daemon is ready, and whether it still lives. */
  readonly notify: boolean;
}

/** How long the daemon may say nothing before systemd takes it for stuck. It speaks three times as often. */
const WATCHDOG_SECONDS = 120;

/**
 * A unit for systemd's user manager (systemd.service(5), systemd.exec(5)). Pure.
 *
 * Not in it: what needs a mount namespace (ProtectSystem, PrivateTmp). In a user unit they need unprivileged user
 * namespaces, which several distributions forbid, and the unit then does not start; a user cannot write to /usr anyway,
 * and /tmp may hold the socket that `s4` looks for. Nor MemoryDenyWriteExecute (Node compiles at run time) nor UMask
 * (it would show in the modes of the files that are synced).
 */
export function systemdUnit({ command, environment }: ServiceSpec, { notify }: SystemdOptions): string {
  const [program = '', ...args] = command;
  const type = notify
    ? ['Type=notify', '# The word is sent by systemd-notify, a child.', 'NotifyAccess=all']
    : ['Type=exec'];
  const variables = Object.entries(environment).map(
    ([name, value]) => `Environment=${quote(`${name}=${value}`)}`,
  );
  return `${[
    '# Written by "s4 daemon install", which writes over changes: put yours into a drop-in (systemctl --user edit).',
    '[Unit]',
    'Description=s4: keeps folders the same as their S3 prefixes',
    'StartLimitIntervalSec=600',
    'StartLimitBurst=10',
    '',
    '[Service]',
    ...type,
    // The colon: no variable is put in for a dollar sign.
    `ExecStart=:${[program, ...args].map(quote).join(' ')}`,
    'ExecReload=/bin/kill -HUP $MAINPID',
    ...variables,
    'Restart=on-failure',
    'RestartSec=5',
    '# 2: wrong configuration; 7: another daemon runs. Neither goes away by itself.',
    'RestartPreventExitStatus=2 7',
    '# It ends within 10 s by itself.',
    'TimeoutStopSec=15',
    'KillMode=mixed',
    ...(notify ? ['TimeoutStartSec=60', `WatchdogSec=${WATCHDOG_SECONDS}`] : []),
    'NoNewPrivileges=yes',
    'LockPersonality=yes',
    'RestrictRealtime=yes',
    'RestrictSUIDSGID=yes',
    'RestrictNamespaces=yes',
    'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK',
    'SystemCallArchitectures=native',
    '',
    '[Install]',
    'WantedBy=default.target',
  ].join('\n')}\n`;
}

/** One word of a unit file: in quotes, with C escapes; a percent sign would be a specifier. */
function quote(word: string): string {
  const escaped = word
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('%', '%%')
    .replaceAll('\n', '\\n')
    .replaceAll('\t', '\\t');
  return `"${escaped}"`;
}
