import { createMemoryServer, type MemoryServerOptions } from '../../src/stores/memory/memory-server.ts';
import { realRuntime } from '../unit/stores/test-runtime.ts';
import { storeContract } from './store-contract.ts';

const open = (options?: MemoryServerOptions) => async () => ({
  store: createMemoryServer(options).connect(realRuntime()),
  cleanup: async () => {},
});

storeContract('memory', open());
storeContract('memory, no versions, unsorted', open({ versioning: 'off', sortedListing: false }));
storeContract(
  'memory, no conditions',
  open({
    enforces: {
      putIfAbsent: false,
      putIfMatch: false,
      multipartIfAbsent: false,
      multipartIfMatch: false,
      copyIfAbsent: false,
      copyIfMatch: false,
      deleteIfMatch: false,
    },
  }),
);
