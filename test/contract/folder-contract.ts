import { afterEach, beforeEach, describe } from 'vitest';
import { changeCases } from './folder/change-cases.ts';
import { placeCases } from './folder/place-cases.ts';
import { readingCases } from './folder/reading-cases.ts';
import { stateCases } from './folder/state-cases.ts';
import type { FolderFixture } from './folder/support.ts';
import { trashCases } from './folder/trash-cases.ts';
import { walkCases } from './folder/walk-cases.ts';

export { collectWalk, type FolderFixture, relPath, type UserHands, walkKeys } from './folder/support.ts';

/** What every Folder does, real or in memory. */
export function folderContract(name: string, open: () => Promise<FolderFixture>): void {
  describe(`${name}: the folder contract`, () => {
    let fixture: FolderFixture;
    const current = () => fixture;
    beforeEach(async () => {
      fixture = await open();
    });
    afterEach(async () => {
      await fixture.dispose();
    });

    walkCases(current);
    readingCases(current);
    placeCases(current);
    changeCases(current);
    trashCases(current);
    stateCases(current);
  });
}
