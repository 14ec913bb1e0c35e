/** What a service manager is to keep running. */
export interface ServiceSpec {
  /** Program and arguments, as the system takes them: nothing in them is escaped. */
  readonly command: readonly string[];
  /** Names to values. Never secrets: the file may be read by others. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where it writes what it cannot log. */
  readonly output: string;
}

/** Of a service's environment, what a daemon needs of the terminal it was installed from, and is no secret. */
const KEPT = [
  'S4_HOST',
  'AWS_PROFILE',
  'AWS_REGION',
  'AWS_DEFAULT_REGION',
  'AWS_CONFIG_FILE',
  'AWS_SHARED_CREDENTIALS_FILE',
  'AWS_CA_BUNDLE',
  'NODE_EXTRA_CA_CERTS',
  'HTTPS_PROXY',
  'HTTP_PROXY',
  'NO_PROXY',
] as const;

/** A proxy's URL may hold a password. */
const MAY_HOLD_PASSWORD = /:\/\/[^/]*@/;

export interface ServiceEnvironment {
  readonly kept: Readonly<Record<string, string>>;
  /** Names of variables that the daemon would need and that are not written into a file. */
  readonly left: readonly string[];
}

/** Pure. */
export function serviceEnvironment(env: Readonly<Record<string, string | undefined>>): ServiceEnvironment {
  const kept: Record<string, string> = {};
  const left: string[] = [];
  for (const name of KEPT) {
    const value = env[name];
    if (value === undefined || value === '') continue;
    if (MAY_HOLD_PASSWORD.test(value)) left.push(name);
    else kept[name] = value;
  }
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'])
    if ((env[name] ?? '') !== '') left.push(name);
  return { kept, left };
}
