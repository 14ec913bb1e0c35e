import type { AwsProfile } from '../../config/aws-profiles.ts';
import type { Provider } from '../../config/providers.ts';
import type { Draft, KeyChoice, StepId } from './draft.ts';
import type { AddFacts } from './facts.ts';

/** An answer to choose, and what it changes. */
export interface Choice {
  readonly key: string;
  readonly label: string;
  readonly detail?: string;
  readonly patch: Partial<Draft>;
}

export interface TextQuestion {
  readonly kind: 'text';
  readonly title: string;
  readonly about: readonly string[];
  readonly field: TextFieldId;
  readonly placeholder?: string;
  /** What Enter takes where nothing was typed. */
  readonly fallback?: string;
  readonly secret?: true;
  /** Below the field: to take with the arrows. */
  readonly suggestions: readonly string[];
  /** Tab completes to folders of this machine. */
  readonly isPath?: true;
}

export interface ChoiceQuestion {
  readonly kind: 'choice';
  readonly title: string;
  readonly about: readonly string[];
  readonly choices: readonly Choice[];
  /** Index of what was chosen before, or is proposed. */
  readonly chosen: number;
}

export type Question = TextQuestion | ChoiceQuestion;

/** Members of the draft that are typed. */
export type TextFieldId =
  | 'folder'
  | 'account'
  | 'region'
  | 'endpoint'
  | 'accessKeyId'
  | 'secret'
  | 'profileName'
  | 'bucket'
  | 'prefix'
  | 'storeFolder'
  | 'name';

/** The question of a step; undefined for the two that are more than a question. */
export function questionOf(
  step: StepId,
  draft: Draft,
  facts: AddFacts,
  defaultName: string,
): Question | undefined {
  const provider = facts.providers.find(({ id }) => id === draft.where);
  switch (step) {
    case 'folder':
      return folderQuestion(facts);
    case 'where':
      return whereQuestion(draft, facts);
    case 'account':
      return text('account', `Your account id at ${provider?.name ?? 'the service'}`, {
        about: ['32 letters and digits, in the dashboard and in its address.'],
      });
    case 'region':
      return regionQuestion(draft, facts, provider);
    case 'endpoint':
      return text('endpoint', `At which address does ${nameOf(provider)} answer?`, {
        about: ['With http:// or https://, and the port where it needs one.'],
        ...(provider?.example === undefined ? {} : { placeholder: provider.example }),
        ...(provider?.example === undefined || provider.id === 'other' ? {} : { fallback: provider.example }),
      });
    case 'keys':
      return keysQuestion(draft, facts, provider);
    case 'bucket':
      return text('bucket', 'Which bucket?', {
        about: ['One that exists, or a new name: it can be created in a moment.'],
      });
    case 'prefix':
      return text('prefix', `Which folder in ${draft.bucket}?`, {
        about: ['Several targets can live in one bucket. Type / for the whole bucket.'],
        placeholder: defaultName,
        fallback: defaultName,
      });
    case 'store-folder':
      return text('storeFolder', 'Which folder keeps the copy?', {
        about: [
          'On another disk, a NAS or a share. The files lie there as they are, with their old versions.',
        ],
        isPath: true,
      });
    case 'name':
      return text('name', 'How shall it be called?', {
        about: ['For commands: s4 sync NAME.'],
        placeholder: facts.before?.name ?? defaultName,
        fallback: facts.before?.name ?? defaultName,
      });
    case 'policy':
      return policyQuestion(draft);
    case 'key-id':
    case 'secret':
    case 'keep':
    case 'profile-name':
      return keyQuestion(step, draft, facts, provider);
    case 'checks':
    case 'summary':
      return undefined;
  }
}

function text(
  field: TextFieldId,
  title: string,
  more: Partial<Omit<TextQuestion, 'kind' | 'field' | 'title'>> = {},
): TextQuestion {
  return { kind: 'text', field, title, about: [], suggestions: [], ...more };
}

function folderQuestion({ mode, cwd, home }: AddFacts): TextQuestion {
  if (mode === 'edit')
    return text('folder', 'Where is the folder now?', {
      about: ['Only if it was moved: with its .s4 folder, by which it is recognised.'],
      isPath: true,
    });
  const here = cwd === home ? '~' : cwd.startsWith(`${home}/`) ? `~${cwd.slice(home.length)}` : cwd;
  return text('folder', 'Which folder shall be synced?', {
    about: ['It stays where it is. Tab completes.'],
    placeholder: here,
    fallback: here,
    isPath: true,
  });
}

function nameOf(provider: Provider | undefined): string {
  return provider === undefined || provider.id === 'other' ? 'the service' : provider.name;
}

function choose(
  title: string,
  choices: readonly Choice[],
  isChosen: (choice: Choice) => boolean,
  about: readonly string[] = [],
): ChoiceQuestion {
  return { kind: 'choice', title, about, choices, chosen: Math.max(0, choices.findIndex(isChosen)) };
}

function whereQuestion({ where }: Draft, { providers }: AddFacts): ChoiceQuestion {
  const services = providers.map(({ id, name }): Choice => ({ key: id, label: name, patch: { where: id } }));
  const folder: Choice = {
    key: 'folder',
    label: 'A folder: another disk, a NAS, a share',
    patch: { where: 'folder' },
  };
  return choose('Where shall the copy be kept?', [...services, folder], ({ key }) => key === where);
}

function regionQuestion(draft: Draft, facts: AddFacts, provider: Provider | undefined): TextQuestion {
  const { keys } = draft;
  const known =
    keys.kind === 'profile' ? facts.profiles.find(({ name }) => name === keys.name)?.region : undefined;
  if (facts.mode === 'edit')
    return text('region', 'In which region is the bucket?', {
      about: ['Empty: as the profile or the service says.'],
      suggestions: provider?.regions ?? [],
    });
  const first = known ?? provider?.regions?.[0];
  return text('region', 'In which region is the bucket, or shall it be?', {
    about: [known === undefined ? 'Near you is fast.' : `The profile says ${known}.`],
    ...(first === undefined ? {} : { placeholder: first, fallback: first }),
    suggestions: provider?.regions ?? [],
  });
}

function keysQuestion(draft: Draft, facts: AddFacts, provider: Provider | undefined): ChoiceQuestion {
  const choices: readonly Choice[] = [
    ...(facts.mode === 'edit'
      ? [keyChoice({ kind: 'unchanged' }, 'As they are', facts.before?.accessKeyId || undefined)]
      : []),
    ...(facts.environmentKeys
      ? [keyChoice({ kind: 'chain' }, 'The key in the environment', 'AWS_ACCESS_KEY_ID')]
      : []),
    ...facts.profiles.map((profile) =>
      keyChoice(
        { kind: 'profile', name: profile.name },
        `AWS profile ${profile.name}`,
        profileWords(profile),
      ),
    ),
    ...facts.copyable.map((name) => keyChoice({ kind: 'target', name }, `Those of target ${name}`)),
    keyChoice({ kind: 'typed' }, 'Type or paste a key', provider?.keys),
    ...(facts.environmentKeys
      ? []
      : [keyChoice({ kind: 'chain' }, 'What the AWS tools find', "the machine's role, single sign-on")]),
  ];
  // Proposed is what is most likely meant: beside AWS, the AWS keys seldom open anything.
  const typed = choices.findIndex(({ key }) => key === 'typed');
  const before = choices.findIndex(({ key }) => key === keyOf(draft.keys));
  const isUntouched = draft.keys.kind === 'chain' && draft.accessKeyId === '' && facts.mode === 'add';
  const proposed = draft.where === 'aws' && choices.length > 2 ? 0 : typed;
  return {
    kind: 'choice',
    title: facts.mode === 'edit' ? 'Which keys open it from now on?' : 'Which keys open it?',
    about: [],
    choices,
    chosen: isUntouched || before < 0 ? proposed : before,
  };
}

function keyChoice(keys: KeyChoice, label: string, detail?: string): Choice {
  return { key: keyOf(keys), label, patch: { keys }, ...(detail === undefined ? {} : { detail }) };
}

function keyOf(keys: KeyChoice): string {
  return 'name' in keys ? `${keys.kind} ${keys.name}` : keys.kind;
}

function profileWords({ kind, region, endpoint }: AwsProfile): string {
  const what = {
    keys: 'a key',
    sso: 'single sign-on',
    role: 'a role',
    process: 'a program gives it',
    settings: 'settings only',
  }[kind];
  return [what, region, endpoint].filter((part) => part !== undefined).join(', ');
}

function keyQuestion(
  step: 'key-id' | 'secret' | 'keep' | 'profile-name',
  draft: Draft,
  facts: AddFacts,
  provider: Provider | undefined,
): Question {
  const made = provider === undefined ? [] : [`Made at: ${provider.keys}.`];
  switch (step) {
    case 'key-id':
      return text('accessKeyId', 'The access key id', { about: made });
    case 'secret':
      return text('secret', 'The secret key that belongs to it', {
        about: ['It is not shown, and never part of a command or a log.'],
        secret: true,
      });
    case 'keep':
      return choose(
        'Where shall the key be kept?',
        [
          {
            key: 'config',
            label: "In s4's own settings",
            detail: facts.configPath,
            patch: { keep: 'config' },
          },
          {
            key: 'profile',
            label: 'In a new AWS profile, for other tools too',
            detail: facts.credentialsPath,
            patch: { keep: 'profile' },
          },
        ],
        ({ key }) => key === draft.keep,
        ['Both are files that only you can read.'],
      );
    case 'profile-name':
      return text('profileName', 'How shall the new profile be called?', {
        about: ['Profiles that exist are not touched.'],
        placeholder: 's4',
        fallback: 's4',
      });
  }
}

function policyQuestion({ conflicts }: Draft): ChoiceQuestion {
  const policies: readonly (readonly [string, string, string?])[] = [
    ['', 'Ask me', 'with nobody to ask, both are kept'],
    ['both', 'Keep both, the second under another name'],
    ['merge', 'Merge texts, keep both of the rest'],
    ['newer', 'The newer one wins'],
    ['local', 'The one here wins'],
    ['remote', 'The one in the store wins'],
    ['skip', 'Leave both, and say so'],
  ];
  const choices = policies.map(
    ([key, label, detail]): Choice => ({
      key,
      label,
      patch: { conflicts: key },
      ...(detail === undefined ? {} : { detail }),
    }),
  );
  return choose('When a file was changed on both sides?', choices, ({ key }) => key === conflicts);
}
