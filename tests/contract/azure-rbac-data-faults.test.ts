import { BLOBS, rbacHarness } from './azure-harness.ts';
import { faultContract } from './provider-contract.ts';

faultContract('azure rbac on blobs', () => rbacHarness(BLOBS));
