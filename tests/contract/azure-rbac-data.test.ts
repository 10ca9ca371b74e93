import { BLOBS, rbacHarness } from './azure-harness.ts';
import { providerContract } from './provider-contract.ts';

providerContract('azure rbac on blobs', () => rbacHarness(BLOBS));
