import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { launchdPlist } from '../../../src/daemon/service/launchd-plist.ts';
import { type ServiceSpec, serviceEnvironment } from '../../../src/daemon/service/service.ts';
import { connectServiceManager } from '../../../src/daemon/service/service-manager.ts';
import { systemdUnit } from '../../../src/daemon/service/systemd-unit.ts';
import { createTempDir, type TempDir } from '../../support/temp-dir.ts';

const SPEC: ServiceSpec = {
  command: [
    '/usr/bin/node',
    '/opt/s 4/$x 50%/"cli".js',
    'daemon',
    '--config',
    '/home/u/a & <b>\\c',
    '--',
    "it's",
  ],
  environment: { S4_HOST: 'laptop 5%', AWS_PROFILE: 'work' },
  output: '/home/u/.config/s4/daemon/output',
};

describe('a service file', () => {
  test('for systemd is as it always was', async () => {
    await expect(systemdUnit(SPEC, { notify: true })).toMatchFileSnapshot(
      '../../fixtures/service/notify.service',
    );
    await expect(systemdUnit(SPEC, { notify: false })).toMatchFileSnapshot(
      '../../fixtures/service/plain.service',
    );
  });

  test('for launchd is as it always was', async () => {
    await expect(launchdPlist('org.s4.daemon', SPEC)).toMatchFileSnapshot(
      '../../fixtures/service/org.s4.daemon.plist',
    );
  });

  test('holds no secret of the environment, and says which it left out', () => {
    expect(
      serviceEnvironment({
        S4_HOST: 'laptop',
        AWS_REGION: '',
        HTTPS_PROXY: 'http://user:secret@proxy',
        HTTP_PROXY: 'http://proxy:3128',
        AWS_SECRET_ACCESS_KEY: 'secret',
        PATH: '/bin',
      }),
    ).toEqual({
      kept: { S4_HOST: 'laptop', HTTP_PROXY: 'http://proxy:3128' },
      left: ['HTTPS_PROXY', 'AWS_SECRET_ACCESS_KEY'],
    });
  });
});

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

describe.skipIf(!hasSystemd)('systemd (where it is installed)', () => {
  let temp: TempDir;
  beforeEach(async () => {
    temp = await createTempDir();
    mkdirSync(join(temp.path, 'run'));
  });
  afterEach(() => temp.remove());
  const verify = (text: string) => {
    const path = join(temp.path, 's4.service');
    writeFileSync(path, text);
    return spawnSync('systemd-analyze', ['--user', 'verify', path], {
      encoding: 'utf8',
      env: { ...process.env, XDG_RUNTIME_DIR: join(temp.path, 'run') },
    });
  };

  test.each([true, false])('finds nothing wrong in the unit (notify: %s)', (notify) => {
    const spec = { ...SPEC, command: [process.execPath, ...SPEC.command.slice(1)] };
    const { status, stderr } = verify(systemdUnit(spec, { notify }));
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(verify('[Service]\nExecStart=relative\n').status).not.toBe(0);
  });
});

describe('what systemd is told', () => {
  const pulses: { delayMs: number; work: () => void; stopped: boolean }[] = [];
  const every = (delayMs: number, work: () => void) => {
    const pulse = { delayMs, work, stopped: false };
    pulses.push(pulse);
    const stop = (): void => {
      pulse.stopped = true;
    };
    return { stop };
  };
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  beforeEach(() => {
    pulses.length = 0;
  });

  test('is nothing without systemd', async () => {
    const manager = connectServiceManager({
      env: {},
      pid: 5,
      describe: async () => '',
      onError: () => undefined,
      send: () => Promise.reject(new Error('sent')),
    });
    manager.ready();
    manager.stopping();
    manager.close();
  });

  test('is that it is ready, that it lives, three times as often as it must, and that it ends', async () => {
    const sent: (readonly string[])[] = [];
    let state = '1 target: 1 idle';
    const manager = connectServiceManager({
      env: { NOTIFY_SOCKET: '/run/x', WATCHDOG_USEC: '120000000', WATCHDOG_PID: '5' },
      pid: 5,
      describe: async () => state,
      onError: () => undefined,
      send: async (words) => void sent.push(words),
      every,
    });
    manager.ready();
    await settled();
    state = '1 target:\n1 syncing';
    expect(pulses[0]?.delayMs).toBe(40_000);
    pulses[0]?.work();
    await settled();
    manager.stopping();
    manager.close();
    await settled();
    expect(sent).toEqual([
      ['READY=1', 'STATUS=1 target: 1 idle'],
      ['WATCHDOG=1', 'STATUS=1 target: 1 syncing'],
      ['STOPPING=1'],
    ]);
    expect(pulses[0]?.stopped).toBe(true);
  });

  test('is not that it lives, when it cannot tell what it does', async () => {
    const sent: (readonly string[])[] = [];
    const errors: unknown[] = [];
    const manager = connectServiceManager({
      env: { NOTIFY_SOCKET: '/run/x', WATCHDOG_USEC: '9000000' },
      pid: 5,
      describe: async () => {
        throw new Error('stuck');
      },
      onError: (error) => errors.push(error),
      send: async (words) => void sent.push(words),
      every,
    });
    manager.ready();
    pulses[0]?.work();
    await settled();
    expect(sent).toEqual([]);
    expect(errors).toHaveLength(2);
  });

  test('is not watched when another process is meant', () => {
    connectServiceManager({
      env: { NOTIFY_SOCKET: '/run/x', WATCHDOG_USEC: '9000000', WATCHDOG_PID: '6' },
      pid: 5,
      describe: async () => '',
      onError: () => undefined,
      send: async () => undefined,
      every,
    }).ready();
    expect(pulses).toEqual([]);
  });
});
