import type { Draft, StepId } from './draft.ts';
import type { AddFacts, CheckView } from './facts.ts';

/** A way on, or a way out, after the checks. */
export type CheckOption = { readonly label: string } & (
  | { readonly kind: 'go-on' }
  | { readonly kind: 'retry' }
  | { readonly kind: 'repair'; readonly step: StepId }
  /** Checked again with it. */
  | { readonly kind: 'change'; readonly patch: Partial<Draft> }
);

/** What can be done after these checks, the best first; empty while one is running. */
export function checkOptions(
  checks: readonly CheckView[],
  draft: Draft,
  facts: Pick<AddFacts, 'mode'>,
): readonly CheckOption[] {
  if (checks.some(({ outcome }) => outcome === 'running')) return [];
  const failed = checks.find(({ outcome }) => outcome === 'failed');
  if (failed === undefined) return [...versioningOptions(checks, draft), GO_ON];
  return [...waysOut(failed, draft, facts), { kind: 'retry', label: 'Try again' }];
}

/** Their region is given. */
const SIGNS_WITH_ONE: readonly string[] = ['r2', 'gcs', 'digitalocean', 'folder'];

const GO_ON: CheckOption = { kind: 'go-on', label: 'Go on' };

function versioningOptions(checks: readonly CheckView[], draft: Draft): readonly CheckOption[] {
  const check = checks.find(({ id }) => id === 'versioning');
  const offers = check?.outcome === 'warning' && check.code === 'off' && draft.where !== 'folder';
  if (!offers || draft.enableVersioning) return [];
  return [
    {
      kind: 'change',
      label: 'Enable versioning: what is replaced or deleted can be restored',
      patch: { enableVersioning: true },
    },
  ];
}

function waysOut(failed: CheckView, draft: Draft, { mode }: Pick<AddFacts, 'mode'>): readonly CheckOption[] {
  const isFolder = draft.where === 'folder';
  switch (failed.code) {
    case 'STORE_NO_BUCKET':
      if (mode === 'edit') return address(draft);
      return [
        {
          kind: 'change',
          label: isFolder ? 'Create the folder' : `Create the bucket ${draft.bucket}`,
          patch: { createBucket: true },
        },
        isFolder
          ? { kind: 'repair', label: 'Choose another folder', step: 'store-folder' }
          : { kind: 'repair', label: 'Choose another bucket', step: 'bucket' },
        ...address(draft),
      ];
    case 'STORE_WRONG_REGION':
      return [
        ...(failed.region === undefined || SIGNS_WITH_ONE.includes(draft.where)
          ? []
          : [
              {
                kind: 'change',
                label: `Use the region ${failed.region}`,
                patch: { region: failed.region },
              } as const,
            ]),
        ...address(draft),
      ];
    case 'STORE_DENIED':
    case 'STORE_NO_CREDENTIALS':
    case 'OBJECT_DENIED':
      if (isFolder) return [{ kind: 'repair', label: 'Choose another folder', step: 'store-folder' }];
      return [...keyOptions(draft), ...otherBucket(mode), ...address(draft)];
    case 'VERSIONING':
      return [{ kind: 'change', label: 'Go on without versioning', patch: { enableVersioning: false } }];
    default:
      return isFolder
        ? [{ kind: 'repair', label: 'Choose another folder', step: 'store-folder' }]
        : [...address(draft), ...otherBucket(mode)];
  }
}

function keyOptions(draft: Draft): readonly CheckOption[] {
  return [
    ...(draft.keys.kind === 'typed'
      ? [{ kind: 'repair', label: 'Type the secret key again', step: 'secret' } as const]
      : []),
    { kind: 'repair', label: 'Choose other keys', step: 'keys' },
  ];
}

function otherBucket(mode: AddFacts['mode']): readonly CheckOption[] {
  return mode === 'edit' ? [] : [{ kind: 'repair', label: 'Choose another bucket', step: 'bucket' }];
}

/** Where the service is, in the words of its kind. */
function address({ where }: Draft): readonly CheckOption[] {
  if (where === 'folder' || where === 'gcs') return [];
  if (where === 'r2') return [{ kind: 'repair', label: 'Change the account', step: 'account' }];
  const byRegion = ['aws', 'b2', 'wasabi', 'digitalocean', 'hetzner'].includes(where);
  return [
    byRegion
      ? { kind: 'repair', label: 'Change the region', step: 'region' }
      : { kind: 'repair', label: 'Change the address', step: 'endpoint' },
  ];
}
