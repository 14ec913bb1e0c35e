// One machine: a folder, a home, a writer, and the built s4 run over and over, killed at chance.
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const DOCUMENTED_EXITS = new Set([0, 3, 4, 5, 6, 7, 130]);
const CRASHES = new Set(['SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGSEGV', 'SIGSYS', 'SIGTRAP']);
/** Longer than all attempts at one request together. */
const HANG_MS = 240_000;

/** @typedef {ReturnType<typeof createClient>} Client */

/**
 * @typedef {object} Ran
 * @property {number | string} exit exit code, or the name of the signal
 * @property {readonly Record<string, unknown>[]} events
 */

/**
 * @param {{name: string, base: string, cli: string, env: Record<string, string>,
 *   policies: readonly string[], violations: string[]}} options
 *   `base`: the client's own place on disk; `policies`: answers to conflicts, beside the default
 */
export function createClient({ name, base, cli, env, policies, violations }) {
  const home = join(base, 'home');
  const folder = join(home, 'folder');
  const temp = join(base, 'temp');
  const log = join(base, 's4.log');
  for (const path of [folder, temp]) mkdirSync(path, { recursive: true });
  const exits = {};
  const errors = {};
  let keptBoth = 0;
  let typicalMs = 1500;

  const start = (args, { lasting = false } = {}) => {
    const child = spawn(process.execPath, [cli, ...args], {
      cwd: folder,
      env: { PATH: process.env.PATH, HOME: home, TMPDIR: temp, S4_HOST: name, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);
    const startedMs = Date.now();
    const hang = lasting
      ? undefined
      : setTimeout(() => {
          violations.push(`${name}: s4 ${args.join(' ')} did not end within ${HANG_MS / 1000} s`);
          kill();
        }, HANG_MS);
    const ended = textOf(child).then(({ code, signal, stdout, stderr }) => {
      clearTimeout(hang);
      process.off('exit', kill);
      const ran = {
        exit: code ?? signal,
        events: parse(stdout, signal !== null),
        elapsedMs: Date.now() - startedMs,
      };
      appendFileSync(
        log,
        `\n--- ${new Date(startedMs).toISOString()} ${args.join(' ')} -> ${ran.exit}\n${stdout}${stderr}`,
      );
      judge(args, ran, stderr);
      return ran;
    });
    return { child, ended };
  };

  /** What is wrong whatever the weather. */
  const judge = (args, { exit, events }, stderr) => {
    exits[exit] = (exits[exit] ?? 0) + 1;
    const what = `${name}: s4 ${args.join(' ')}`;
    if (typeof exit === 'number' && !DOCUMENTED_EXITS.has(exit)) {
      const error = events.find(({ kind }) => kind === 'error');
      violations.push(`${what} ended with ${exit}: ${JSON.stringify(error ?? stderr.slice(0, 500))}`);
    }
    // Whoever else is on the machine may end what runs there; only s4 itself can make it crash.
    if (CRASHES.has(exit)) violations.push(`${what} died of ${exit}`);
    if (stderr !== '') violations.push(`${what} said on stderr: ${stderr.slice(0, 500)}`);
    if (events.includes(undefined)) violations.push(`${what} printed a line that is no JSON`);
    for (const event of events) {
      if (event?.kind === 'error') errors[event.code] = (errors[event.code] ?? 0) + 1;
      if (event?.kind === 'problem') errors[event.problem.code] = (errors[event.problem.code] ?? 0) + 1;
      if (
        event?.kind === 'operation-finished' &&
        event.outcome === 'done' &&
        event.operation.kind === 'keep-both'
      )
        keptBoth++;
    }
  };

  /** @returns {Promise<Ran>} */
  const s4 = (...args) => start([...args, '--json']).ended;

  /** Syncs, and says yes to what was halted. */
  const sync = async (...flags) => {
    const ran = await s4('sync', ...flags);
    const halted = ran.events.find((event) => event?.kind === 'guard-halted');
    return halted === undefined ? ran : s4('sync', ...flags, '--approve', halted.planId);
  };

  return {
    name,
    base,
    home,
    folder,
    temp,
    exits,
    errors,
    keptBoth: () => keptBoth,
    s4,
    sync,
    /** Until `isOver`: syncs, about one in three of them killed. */
    torment: async ({ random, counts, writer, isOver }) => {
      let approve = [];
      while (!isOver()) {
        const flags =
          policies.length > 0 && random.chance(0.12) ? ['--conflicts', random.pick(policies)] : [];
        const command = random.weighted({ sync: 90, push: 3, pull: 3, checksum: 3 });
        const args = command === 'checksum' ? ['sync', '--checksum'] : [command];
        counts.syncs++;
        const { child, ended } = start([...args, ...flags, ...approve, '--json']);
        const fate = random.weighted({ live: 60, kill: 33, interrupt: 5, 'second s4': 4 });
        const stopFate = meet(fate, child, random, typicalMs, counts, s4);
        const { exit, events, elapsedMs } = await ended;
        await stopFate();
        if (exit === 0) typicalMs = 0.8 * typicalMs + 0.2 * elapsedMs;
        const halted = events.find((event) => event?.kind === 'guard-halted');
        approve = halted === undefined ? [] : ['--approve', halted.planId];
        // Who reads a plan and says yes to it does not delete more meanwhile.
        if (halted === undefined) writer.resume();
        else writer.pause();
        await sleep(random.between(0, 400));
      }
    },
    /**
     * Until `isOver`: a daemon, killed or ended now and then, with a sync now and then that goes through it.
     *
     * @returns {Promise<() => Promise<void>>} ends the daemon that runs then, which must say 0
     */
    keep: async ({ random, counts, writer, isOver }) => {
      for (;;) {
        // What shows desktop notices leaves a cache in the home.
        const args = ['daemon', '--json', '--no-notifications'];
        const { child, ended } = start(args, { lasting: true });
        counts.daemons++;
        const untilMs = Date.now() + random.between(20_000, 120_000);
        while (!isOver() && Date.now() < untilMs) {
          await sleep(random.between(3_000, 12_000));
          counts.syncs++;
          const { events } = await s4('sync');
          const halted = events.find((event) => event?.kind === 'guard-halted');
          if (halted === undefined) continue;
          // Who reads a plan and says yes to it does not delete more meanwhile.
          writer.pause();
          await s4('sync', '--approve', halted.planId);
          writer.resume();
        }
        if (isOver())
          return async () => {
            child.kill('SIGTERM');
            const { exit } = await ended;
            if (exit !== 0) violations.push(`${name}: the daemon ended with ${exit} at SIGTERM`);
          };
        const isKilled = random.chance(0.6);
        if (isKilled) counts.kills++;
        child.kill(isKilled ? 'SIGKILL' : 'SIGTERM');
        const { exit } = await ended;
        if (!isKilled && exit !== 0) violations.push(`${name}: the daemon ended with ${exit} at SIGTERM`);
      }
    },
    /** `stop` resolves with how many edits of each kind there were. */
    startWriter: (settings) => {
      const writer = fork(fileURLToPath(new URL('./writer.mjs', import.meta.url)), [
        JSON.stringify({
          root: folder,
          attic: join(base, 'attic'),
          ledgerFile: ledgerFile(base),
          client: name,
          ...settings,
        }),
      ]);
      const kill = () => writer.kill('SIGKILL');
      process.once('exit', kill);
      let counts;
      writer.on('message', (message) => {
        counts = message.counts;
      });
      // What it said last may be read after it has ended.
      const ended = Promise.all([once(writer, 'exit'), once(writer, 'disconnect')]);
      const death = () => new Error(`the writer of ${name} died: see ${ledgerFile(base)}.errors`);
      return {
        /** Rejects when it dies, and never resolves. */
        died: new Promise((_, reject) => {
          void ended.then(() => counts === undefined && reject(death()));
        }),
        pause: () => writer.kill('SIGSTOP'),
        resume: () => writer.kill('SIGCONT'),
        stop: async () => {
          writer.kill('SIGCONT');
          if (writer.connected) writer.send('stop');
          await ended;
          process.off('exit', kill);
          if (counts === undefined) throw death();
          return counts;
        },
      };
    },
  };
}

export function ledgerFile(base) {
  return join(base, 'ledger.jsonl');
}

/** Does to a running s4 what is meant for it; the returned function calls that off once it has ended. */
function meet(fate, child, random, typicalMs, counts, s4) {
  if (fate === 'live') return async () => {};
  // Also while it starts, and also when it takes longer than usual.
  const delayMs = random.between(0, Math.max(600, typicalMs * (random.chance(0.3) ? 3 : 1)));
  let second;
  const timer = setTimeout(() => {
    if (fate === 'second s4') second = s4('sync');
    else if (child.kill(fate === 'kill' ? 'SIGKILL' : 'SIGINT'))
      counts[fate === 'kill' ? 'kills' : 'interrupts']++;
  }, delayMs);
  return async () => {
    clearTimeout(timer);
    await second;
  };
}

function textOf(child) {
  return new Promise((resolve, reject) => {
    const texts = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'])
      child[name].setEncoding('utf8').on('data', (chunk) => {
        texts[name] += chunk;
      });
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, ...texts }));
  });
}

/** Undefined for a line that is no JSON; the last one of a process that was killed may be cut. */
function parse(stdout, wasKilled) {
  const lines = stdout.split('\n');
  const rest = lines.pop();
  const events = lines.map((line) => {
    try {
      return JSON.parse(line);
    } catch {
      return undefined;
    }
  });
  return rest === '' || wasKilled ? events : [...events, undefined];
}
