import { describe, expect, test } from 'vitest';
import { PROVIDERS } from '../../../src/config/providers.ts';
import { checkOptions } from '../../../src/ui/add/check-options.ts';
import { addFlags, commandLines, commandWords, editFlags, urlOf } from '../../../src/ui/add/command-line.ts';
import { completePath } from '../../../src/ui/add/complete-path.ts';
import { type Draft, EMPTY_DRAFT } from '../../../src/ui/add/draft.ts';
import type { AddFacts, CheckView } from '../../../src/ui/add/facts.ts';
import { questionOf } from '../../../src/ui/add/questions.ts';
import { type AddState, addStep, isFirst, startOf } from '../../../src/ui/add/reducer.ts';
import { stepsOf } from '../../../src/ui/add/steps.ts';

const FACTS: AddFacts = {
  mode: 'add',
  home: '/home/u',
  cwd: '/home/u/work',
  providers: PROVIDERS,
  profiles: [{ name: 'work', kind: 'sso', region: 'eu-west-1' }],
  environmentKeys: false,
  copyable: ['photos'],
  configPath: '~/.config/s4/config.json',
  credentialsPath: '~/.aws/credentials',
  extraWords: [],
};

function draft(patch: Partial<Draft> = {}): Draft {
  return { ...EMPTY_DRAFT, folder: '~/notes', bucket: 'my-bucket', prefix: 'notes', ...patch };
}

const TYPED = { keys: { kind: 'typed' }, accessKeyId: 'AKID', secret: 'topsecret-key' } as const;

function answer(state: AddState, patch: Partial<Draft> = {}): AddState {
  return addStep(state, { kind: 'answered', patch }, FACTS);
}

describe('the steps', () => {
  test('ask a service for what its address needs, and a folder for nothing but itself', () => {
    const store = (patch: Partial<Draft>) => stepsOf(draft(patch), FACTS).slice(2, -4).join(' ');
    expect(store({ where: 'aws' })).toBe('keys region bucket prefix');
    expect(store({ where: 'r2' })).toBe('account keys bucket prefix');
    expect(store({ where: 'gcs' })).toBe('keys bucket prefix');
    expect(store({ where: 'minio', ...TYPED })).toBe('endpoint keys key-id secret keep bucket prefix');
    expect(store({ where: 'b2', ...TYPED, keep: 'profile' })).toContain('keep profile-name bucket');
    expect(store({ where: 'folder' })).toBe('store-folder');
  });

  test('leave out what may not be changed when a target is edited', () => {
    const steps = stepsOf(draft({ where: 'other', keys: { kind: 'unchanged' } }), { ...FACTS, mode: 'edit' });
    expect(steps).toEqual(['folder', 'endpoint', 'keys', 'checks', 'name', 'policy', 'summary']);
  });
});

describe('answering', () => {
  test('goes back without losing what was typed, half of an answer included', () => {
    let state = answer(startOf(EMPTY_DRAFT), { folder: '~/notes' });
    state = answer(state, { where: 'minio' });
    state = addStep(state, { kind: 'typed', patch: { endpoint: 'http://half' } }, FACTS);
    state = addStep(state, { kind: 'back' }, FACTS);
    state = addStep(state, { kind: 'back' }, FACTS);
    expect([state.step, state.draft.folder, isFirst(state, FACTS)]).toEqual(['folder', '~/notes', true]);
    state = answer(answer(state));
    expect([state.step, state.draft.endpoint]).toEqual(['endpoint', 'http://half']);
  });

  test('forgets the address of another service', () => {
    const state = answer(
      { ...startOf(draft({ where: 'b2', region: 'us-west-004' })), step: 'where' },
      { where: 'wasabi' },
    );
    expect([state.step, state.draft.region]).toEqual(['region', '']);
  });

  test('shows what is wrong until something is typed', () => {
    let state = addStep(startOf(draft()), { kind: 'refused', trouble: { message: 'No.' } }, FACTS);
    expect(state.trouble).toEqual({ message: 'No.' });
    state = addStep(state, { kind: 'typed', patch: { folder: 'x' } }, FACTS);
    expect(state.trouble).toBeUndefined();
  });

  test('comes back to the checks after a repair, and asks on the way only what is new', () => {
    const answered = [
      'folder',
      'where',
      'endpoint',
      'keys',
      'key-id',
      'secret',
      'keep',
      'bucket',
      'prefix',
    ] as const;
    const checks: AddState = { draft: draft({ where: 'minio', ...TYPED }), step: 'checks', answered };
    const secret = addStep(checks, { kind: 'repair', step: 'secret' }, FACTS);
    expect(answer(secret, { secret: 'other' }).step).toBe('checks');
    let keys = addStep(checks, { kind: 'repair', step: 'keys' }, FACTS);
    const profile = answer(keys, { keys: { kind: 'profile', name: 'work' } });
    expect(profile.step).toBe('checks');
    const asked: string[] = [];
    for (keys = answer(keys, TYPED); keys.step !== 'checks'; keys = answer(keys)) asked.push(keys.step);
    expect(asked).toEqual(['key-id', 'secret', 'keep']);
  });
});

describe('the questions', () => {
  const question = (step: Parameters<typeof questionOf>[0], patch: Partial<Draft> = {}, facts = FACTS) =>
    questionOf(step, draft(patch), facts, 'notes');

  test('offer every place, and the keys that are there', () => {
    const where = question('where');
    expect(where?.kind === 'choice' && where.choices.map(({ key }) => key)).toContain('hetzner');
    const keys = question('keys');
    expect(keys?.kind === 'choice' && keys.choices.map(({ label }) => label)).toEqual([
      'AWS profile work',
      'Those of target photos',
      'Type or paste a key',
      'What the AWS tools find',
    ]);
  });

  test('propose a typed key beside AWS, and what was chosen before', () => {
    const chosen = (patch: Partial<Draft>) => {
      const keys = question('keys', patch);
      return keys?.kind === 'choice' ? keys.choices[keys.chosen]?.key : undefined;
    };
    expect(chosen({ where: 'minio' })).toBe('typed');
    expect(chosen({ where: 'aws' })).toBe('profile work');
    expect(chosen({ where: 'minio', keys: { kind: 'target', name: 'photos' } })).toBe('target photos');
  });

  test('propose the region of the profile', () => {
    const region = question('region', { keys: { kind: 'profile', name: 'work' } });
    expect(region?.kind === 'text' && region.fallback).toBe('eu-west-1');
  });

  test('hide the secret', () => {
    const secret = question('secret', TYPED);
    expect(secret?.kind === 'text' && secret.secret).toBe(true);
  });
});

describe('the command that does the same', () => {
  const line = (patch: Partial<Draft>): string => {
    const given = draft(patch);
    const words = ['s4', 'add', given.folder, urlOf(given, FACTS)];
    return commandWords(words, addFlags(given, FACTS, 'notes'), ['--yes']).join(' ');
  };

  test('says all answers as flags, and never the secret', () => {
    expect(line({ where: 'r2', account: 'abc', ...TYPED, enableVersioning: true, conflicts: 'both' })).toBe(
      's4 add ~/notes s3://my-bucket/notes --endpoint https://abc.r2.cloudflarestorage.com --region auto ' +
        '--access-key-id AKID --secret-access-key-stdin --conflicts both --enable-versioning --yes < SECRET-FILE',
    );
    expect(line({ where: 'aws', region: 'eu-west-1', ...TYPED, keep: 'profile', profileName: 's4' })).toBe(
      's4 add ~/notes s3://my-bucket/notes --region eu-west-1 --profile s4 --yes',
    );
    expect(
      line({ where: 'minio', endpoint: 'http://h:1', keys: { kind: 'target', name: 'my photos' } }),
    ).toContain("--copy-target-credentials 'my photos'");
  });

  test('quotes for a shell, but not the tilde', () => {
    expect(line({ folder: "~/it's here", where: 'folder', storeFolder: '/media/usb 1', name: 'x' })).toBe(
      "s4 add ~/'it'\\''s here' 'file:///media/usb 1' --name x --yes",
    );
    expect(line({ folder: '$(rm -rf ~)', where: 'folder', storeFolder: 'store' })).toBe(
      "s4 add '$(rm -rf ~)' file:///home/u/work/store --yes",
    );
  });

  test('goes over several lines as a shell takes it', () => {
    expect(commandLines(['s4', 'add', '~/notes', 's3://bucket/notes', '--region eu', '--yes'], 30)).toEqual([
      's4 add ~/notes \\',
      '  s3://bucket/notes \\',
      '  --region eu --yes',
    ]);
  });

  test('of an edit says only what is changed', () => {
    const before = draft({
      where: 'other',
      endpoint: 'http://h:1',
      keys: { kind: 'unchanged' },
      name: 'notes',
    });
    const facts = { ...FACTS, mode: 'edit', before } as const;
    expect(editFlags(before, before, facts)).toEqual({});
    const after = { ...before, folder: '/new/notes', endpoint: 'http://h:2', name: 'diary', ...TYPED };
    expect(editFlags(after, before, facts)).toEqual({
      folder: '/new/notes',
      endpoint: 'http://h:2',
      accessKeyId: 'AKID',
      secretAccessKeyStdin: true,
      name: 'diary',
    });
    expect(editFlags({ ...before, keys: { kind: 'profile', name: 'work' } }, before, facts)).toEqual({
      profile: 'work',
      forgetCredentials: true,
    });
  });
});

describe('the ways out after the checks', () => {
  const failed = (code: string, more: Partial<CheckView> = {}): readonly CheckView[] => [
    { id: 'reach', outcome: 'failed', message: 'no', code, ...more },
  ];
  const labels = (checks: readonly CheckView[], patch: Partial<Draft> = {}) =>
    checkOptions(checks, draft({ where: 'minio', ...TYPED, ...patch }), FACTS).map(({ label }) => label);

  test('are none while one is running', () => {
    expect(labels([{ id: 'reach', outcome: 'running', message: '' }])).toEqual([]);
  });

  test('fit what failed', () => {
    expect(labels(failed('STORE_NO_BUCKET'))[0]).toBe('Create the bucket my-bucket');
    expect(labels(failed('STORE_NO_BUCKET'), { where: 'folder' })[0]).toBe('Create the folder');
    expect(labels(failed('STORE_DENIED')).slice(0, 2)).toEqual([
      'Type the secret key again',
      'Choose other keys',
    ]);
    expect(labels(failed('STORE_UNREACHABLE'))[0]).toBe('Change the address');
    expect(labels(failed('STORE_CLOCK_SKEW')).at(-1)).toBe('Try again');
    expect(labels(failed('STORE_WRONG_REGION', { region: 'eu-west-1' }), { where: 'aws' })[0]).toBe(
      'Use the region eu-west-1',
    );
    expect(labels(failed('VERSIONING'))).toEqual(['Go on without versioning', 'Try again']);
  });

  test('offer versions where there are none, before going on', () => {
    const off: CheckView = { id: 'versioning', outcome: 'warning', message: '', code: 'off' };
    expect(labels([off])).toEqual([
      'Enable versioning: what is replaced or deleted can be restored',
      'Go on',
    ]);
    expect(labels([{ ...off, outcome: 'ok' }])).toEqual(['Go on']);
  });
});

describe('completing a path', () => {
  test('takes what all have in common', () => {
    expect(completePath('~/no', ['~/notes/', '~/notes-old/'])).toBe('~/notes');
    expect(completePath('~/n', ['~/notes/'])).toBe('~/notes/');
    expect(completePath('~/notes', ['~/notes/', '~/notes-old/'])).toBeUndefined();
    expect(completePath('x', [])).toBeUndefined();
  });
});
