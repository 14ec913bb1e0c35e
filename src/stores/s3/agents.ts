import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import tls from 'node:tls';
import { S4Error } from '../../lib/errors.ts';
import type { S3ServiceOptions } from './options.ts';

/** Sockets kept open per service: the engine's concurrency, and parts on top. */
const MAX_SOCKETS = 128;
const CONNECT_MS = 10_000;

export interface Agents {
  readonly http: http.Agent;
  readonly https: https.Agent;
  /** For plain-text requests that go through a proxy: it is sent the whole URL. */
  plainProxy(origin: URL): URL | undefined;
  destroy(): void;
}

/**
 * Keep-alive connections to the service, through a proxy where one applies.
 *
 * @throws S4Error CONFIG_INVALID for an unreadable certificate file or a proxy that is no URL
 */
export function createAgents(
  options: Pick<S3ServiceOptions, 'caFile' | 'proxy'>,
  env: Readonly<Record<string, string | undefined>>,
): Agents {
  const ca = certificates(options.caFile ?? env['AWS_CA_BUNDLE']);
  const settings: https.AgentOptions = {
    keepAlive: true,
    maxSockets: MAX_SOCKETS,
    maxFreeSockets: MAX_SOCKETS,
    noDelay: true,
    ...(ca === undefined ? {} : { ca: [...ca] }),
  };
  const plain = new http.Agent(settings);
  const secure = new https.Agent(settings);
  // The agent is asked for each new connection; what applies to the host is decided then.
  const direct = secure.createConnection.bind(secure);
  secure.createConnection = (details, done) => {
    const host = details.host ?? '';
    const port = Number(details.port ?? 443);
    const proxy = proxyFor(new URL(`https://${bracketed(host)}:${port}`), options.proxy, env);
    if (proxy === undefined) return direct(details, done);
    tunnel(proxy, host, port, (error, socket) => {
      if (error !== null) done?.(error, undefined as never);
      else done?.(null, tls.connect({ ...(details as tls.ConnectionOptions), socket }));
    });
    return undefined;
  };
  return {
    http: plain,
    https: secure,
    plainProxy: (origin) => (origin.protocol === 'http:' ? proxyFor(origin, options.proxy, env) : undefined),
    destroy: () => {
      plain.destroy();
      secure.destroy();
    },
  };
}

/** The proxy for a request to `origin`, by option or environment, unless `NO_PROXY` exempts the host. */
export function proxyFor(
  origin: URL,
  explicit: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): URL | undefined {
  const names = origin.protocol === 'https:' ? ['HTTPS_PROXY', 'https_proxy'] : ['HTTP_PROXY', 'http_proxy'];
  const value =
    explicit ?? names.map((name) => env[name]).find((found) => found !== undefined && found !== '');
  if (value === undefined || value === '') return undefined;
  if (explicit === undefined && isExempt(origin, env['NO_PROXY'] ?? env['no_proxy'] ?? '')) return undefined;
  try {
    return new URL(value.includes('://') ? value : `http://${value}`);
  } catch (cause) {
    // Not the value itself: it may hold a password.
    throw new S4Error('CONFIG_INVALID', 'the proxy is not a URL', { hint: 'http://host:port', cause });
  }
}

export function proxyAuthorization(proxy: URL): Record<string, string> {
  if (proxy.username === '') return {};
  const login = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(login).toString('base64')}` };
}

function isExempt(origin: URL, list: string): boolean {
  const host = origin.hostname.toLowerCase();
  const port = origin.port || (origin.protocol === 'https:' ? '443' : '80');
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true;
      const [, name = entry, wantedPort] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
      if (wantedPort !== undefined && wantedPort !== port) return false;
      const domain = name.replace(/^\*?\./, '');
      return host === domain || host.endsWith(`.${domain}`);
    });
}

function tunnel(
  proxy: URL,
  host: string,
  port: number,
  done: (error: Error | null, socket: tls.ConnectionOptions['socket']) => void,
): void {
  const authority = `${bracketed(host)}:${port}`;
  const request = (proxy.protocol === 'https:' ? https : http).request({
    host: proxy.hostname.replace(/^\[|\]$/g, ''),
    port: proxy.port || (proxy.protocol === 'https:' ? 443 : 80),
    method: 'CONNECT',
    path: authority,
    headers: { host: authority, ...proxyAuthorization(proxy) },
    agent: false,
  });
  request.setTimeout(CONNECT_MS, () => request.destroy(new Error('the proxy does not answer')));
  request.once('error', (error) => done(error, undefined));
  request.once('connect', (response, socket) => {
    socket.setTimeout(0);
    if (response.statusCode === 200) return done(null, socket);
    socket.destroy();
    done(new Error(`the proxy refused the connection with ${response.statusCode}`), undefined);
  });
  request.end();
}

function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}

function certificates(file: string | undefined): readonly string[] | undefined {
  if (file === undefined || file === '') return undefined;
  try {
    return [...tls.rootCertificates, readFileSync(file, 'utf8')];
  } catch (cause) {
    throw new S4Error('CONFIG_INVALID', `the certificate file ${file} cannot be read`, {
      hint: 'a PEM file is expected',
      cause,
    });
  }
}
