import type { ReactElement } from 'react';
import { PROVIDERS } from '../../src/config/providers.ts';
import { emptyStatus } from '../../src/report/status-view.ts';
import { AddWizard } from '../../src/ui/add/AddWizard.tsx';
import { type Draft, EMPTY_DRAFT, type StepId } from '../../src/ui/add/draft.ts';
import type { AddFacts, AddPort, CheckView, PreviewView } from '../../src/ui/add/facts.ts';
import type { GalleryScreen } from './gallery-screen.ts';

export const FACTS: AddFacts = {
  mode: 'add',
  home: '/home/ada',
  cwd: '/home/ada',
  providers: PROVIDERS,
  profiles: [
    { name: 'default', kind: 'keys', region: 'eu-west-1' },
    { name: 'work', kind: 'sso', region: 'eu-central-1' },
  ],
  environmentKeys: false,
  copyable: ['photos'],
  configPath: '~/.config/s4/config.json',
  credentialsPath: '~/.aws/credentials',
  extraWords: [],
};

const FOLDERS = ['~/notes/', '~/notes-2019/', '~/music/', '~/photos/'];

const FINE: readonly CheckView[] = [
  { id: 'reach', outcome: 'ok', message: 'The bucket ada-files is there.' },
  { id: 'clock', outcome: 'ok', message: "The clock agrees with the service's." },
  {
    id: 'versioning',
    outcome: 'warning',
    message: 'It keeps no versions: what is replaced or deleted is gone there.',
    code: 'off',
  },
  {
    id: 'conditions',
    outcome: 'ok',
    message: 'It checks conditions: no machine overwrites what it has not seen.',
  },
];

const DENIED: readonly CheckView[] = [
  {
    id: 'reach',
    outcome: 'failed',
    message: 'The store denies access (SignatureDoesNotMatch: The signature does not match.)',
    hint: 'The secret key is wrong, or a proxy changes requests.',
    code: 'STORE_DENIED',
  },
];

const PREVIEW: PreviewView = {
  status: { ...emptyStatus('notes'), up: 211, down: 3, conflicts: 1 },
  bytesUp: 12_870_000_000,
  bytesDown: 40_960,
  cost: { storage: 0.2967, polls: 0.0562, firstSync: 0.001, asOf: '2026-09' },
};

/** A world in which all answers are right. */
export function samplePort(changes: Partial<AddPort> = {}): AddPort {
  return {
    folders: (text) => FOLDERS.filter((folder) => folder.startsWith(text)),
    fault: () => undefined,
    look: async (_draft, tell) =>
      tell({ files: 214, folders: 12, sizeBytes: 12_900_000_000, partial: false }),
    makeFolder: async () => undefined,
    buckets: async () => ({ kind: 'listed', names: ['ada-backup', 'ada-files', 'shared'] }),
    check: async (_draft, tell) => {
      for (const check of FINE) tell(check);
    },
    preview: async () => PREVIEW,
    finish: async () => undefined,
    offersRules: () => true,
    defaultName: () => 'notes',
    ...changes,
  };
}

const DRAFT: Draft = {
  ...EMPTY_DRAFT,
  folder: '~/notes',
  where: 'aws',
  region: 'eu-central-1',
  keys: { kind: 'typed' },
  accessKeyId: 'AKIDEXAMPLE',
  secret: 'a-secret-that-is-not-shown',
  bucket: 'ada-files',
  prefix: 'notes',
  name: 'notes',
};

function at(
  step: StepId,
  patch: Partial<Draft> = {},
  changes: Partial<AddPort> = {},
  facts: AddFacts = FACTS,
): () => ReactElement {
  const start = { draft: { ...DRAFT, ...patch }, step, answered: [] };
  const port = samplePort(changes);
  return () => <AddWizard facts={facts} port={port} start={start} onEnd={() => {}} />;
}

const BEFORE: Draft = {
  ...DRAFT,
  where: 'other',
  endpoint: 'https://s3.example.com',
  keys: { kind: 'unchanged' },
};

export const ADD_WIZARD: readonly GalleryScreen[] = [
  {
    name: 'add-folder',
    about: 's4 add: the folder, with what is in it and what could be completed',
    element: at('folder'),
    shows: '214 files',
  },
  {
    name: 'add-folder-missing',
    about: 's4 add: a folder that is not there yet',
    element: at(
      'folder',
      { folder: '~/new' },
      {
        fault: () => ({
          message: '/home/ada/new does not exist.',
          hint: 'Enter again creates it.',
          missing: true,
        }),
      },
    ),
    shows: '~/new',
    steps: [{ press: ['enter'], shows: 'Enter again' }],
  },
  { name: 'add-where', about: 's4 add: the place', element: at('where'), shows: 'Wasabi', rows: 30 },
  {
    name: 'add-keys',
    about: 's4 add: the keys that are there',
    element: at('keys'),
    shows: 'Type or paste',
  },
  { name: 'add-secret', about: 's4 add: the secret key, hidden', element: at('secret'), shows: 'not shown' },
  {
    name: 'add-bucket',
    about: 's4 add: the bucket',
    element: at('bucket', { bucket: 'ada' }),
    shows: 'backup',
  },
  { name: 'add-checks', about: 's4 add: the store is tried', element: at('checks'), shows: 'Go on' },
  {
    name: 'add-denied',
    about: 's4 add: the store says no',
    element: at(
      'checks',
      {},
      {
        check: async (_draft, tell) => {
          for (const check of DENIED) tell(check);
        },
      },
    ),
    shows: 'Try again',
  },
  {
    name: 'add-summary',
    about: 's4 add: what it comes to',
    element: at('summary', { enableVersioning: true }),
    shows: '211 up',
    rows: 36,
  },
  {
    name: 'edit-summary',
    about: 's4 edit: what is changed',
    element: at('summary', { ...BEFORE, name: 'diary' }, {}, { ...FACTS, mode: 'edit', before: BEFORE }),
    shows: '--name diary',
  },
];
