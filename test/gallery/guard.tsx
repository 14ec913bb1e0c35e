import type { OperationView } from '../../src/engine/events.ts';
import { GuardScreen } from '../../src/ui/screens/guard/GuardScreen.tsx';
import type { GalleryScreen } from './gallery-screen.ts';

const FOLDERS = [
  'photos/2026/summer',
  'photos/2025',
  'notes/日本の写真のとても長い名前のフォルダー/more',
  'tax',
];

const OPERATIONS: readonly OperationView[] = FOLDERS.flatMap((folder, i) =>
  Array.from(
    { length: 40 - 9 * i },
    (_, n): OperationView => ({
      kind: 'delete',
      direction: 'up',
      path: `${folder}/${n}.jpg`,
    }),
  ),
);

const PLAN = {
  target: 'photos',
  guards: [
    {
      code: 'mass-delete-remote' as const,
      message: '106 of 140 files would be deleted in the store, after 12 deleted there in the last 24 hours',
    },
  ],
  operations: OPERATIONS,
};

const element = () => <GuardScreen plan={PLAN} onAnswer={() => {}} />;

export const GUARD: readonly GalleryScreen[] = [
  { name: 'guard', about: 'a plan that a guard halted', element, shows: 'Type 106' },
  {
    name: 'guard-wrong',
    about: 'another number was typed',
    element,
    shows: 'Type 106',
    steps: [{ press: ['1', '2', 'enter'], shows: 'That is not' }],
    rows: 16,
  },
];
