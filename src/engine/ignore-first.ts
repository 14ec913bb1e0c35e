import { readWhole } from '../remote-log/small-object.ts';
import { IGNORE_FILE } from '../sync/ignore.ts';
import type { JoinedRow } from '../sync/join.ts';
import { baseName, keyPath, parentPath } from '../sync/path.ts';
import { sameRemoteToken } from '../sync/token.ts';
import { objectKey } from './keys.ts';
import { runPass } from './pass.ts';
import type { ExtraRules, Scan } from './scan.ts';
import type { Session } from './session.ts';

/** A rule file larger than this is no rule file. */
const MAX_RULES_BYTES = 1024 * 1024;

/** Rule files that the other side changed: they are synced before anything else is judged. */
export function changedRules(found: Scan): readonly JoinedRow[] {
  return found.rows.filter(
    ({ key, base, remote }) =>
      baseName(keyPath(key)) === IGNORE_FILE &&
      remote !== undefined &&
      remote.archived !== true &&
      (base === undefined || !sameRemoteToken(base.remote, remote.token)),
  );
}

/** Syncs just those rule files; the caller looks at both sides again afterwards. */
export async function syncRules(found: Scan, rules: readonly JoinedRow[], session: Session): Promise<void> {
  await runPass({ ...found, rows: rules, nowIgnored: [], problems: [], notices: [] }, session);
}

/**
 * The other side's text of rule files that still differ (a preview, a conflict that waits), by folder: while two
 * versions differ, a path that either ignores is ignored.
 *
 * @throws S4Error when a text cannot be read: judging without it might sync what should not be
 */
export async function remoteRules(
  rules: readonly JoinedRow[],
  session: Session,
): Promise<ReadonlyMap<string, ExtraRules>> {
  const texts = new Map<string, ExtraRules>();
  for (const { key, local, remote } of rules) {
    if (remote === undefined || remote.token.sizeBytes > MAX_RULES_BYTES) continue;
    // The listing may lie about the size: no more is read than rules may have.
    const read = await readWhole(
      session.deps.store,
      objectKey(remote.key),
      MAX_RULES_BYTES,
      session.options.signal ? { signal: session.options.signal } : {},
    );
    if (read.kind !== 'read') continue;
    const text = Buffer.from(read.bytes).toString('utf8');
    texts.set(parentPath(keyPath(key)) ?? '', { text, aloneThere: local === undefined });
  }
  return texts;
}
