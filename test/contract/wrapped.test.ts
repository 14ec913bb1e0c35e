import { createMemoryServer } from '../../src/stores/memory/memory-server.ts';
import { NO_FAULTS } from '../../src/stores/wrap/fault-plan.ts';
import { withFaults } from '../../src/stores/wrap/faults.ts';
import { withLimits } from '../../src/stores/wrap/limits.ts';
import { manualRuntime, realRuntime } from '../unit/stores/test-runtime.ts';
import { storeContract } from './store-contract.ts';

storeContract('memory with faults, idle', async () => ({
  store: withFaults(createMemoryServer().connect(realRuntime()), NO_FAULTS, realRuntime()),
  cleanup: async () => {},
}));

storeContract('memory with limits', async () => ({
  store: withLimits(createMemoryServer().connect(realRuntime()), {
    upBytesPerSecond: 1_000_000,
    downBytesPerSecond: 1_000_000,
    runtime: manualRuntime(),
  }),
  cleanup: async () => {},
}));
