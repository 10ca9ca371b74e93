import type { AppointDemoPeople } from '../../main.ts';

/** Who looks after the demo: one of those whom the banner introduces has each role, so that it can be tried at once. */
export const DEMO_ROLES = { admin: 'eli', auditor: 'fay' } as const;

/**
 * Begins a demo with an admin and an auditor. Through the same operations as everywhere, with the code that the console would show: the
 * one claims it, and appoints the other, who accepts.
 */
export const appointDemoPeople: AppointDemoPeople = async (operations, signIn, code) => {
  const [admin, auditor] = [await signIn(DEMO_ROLES.admin), await signIn(DEMO_ROLES.auditor)];
  const claimed = await operations.claimAdministration(admin, { code });
  const proposed = claimed.ok
    ? await operations.propose(admin, {
        action: 'appoint',
        person: DEMO_ROLES.auditor,
        role: 'auditor',
        reason: 'Somebody who can look at everything',
      })
    : claimed;
  const outcome = proposed.ok ? await operations.confirmProposal(auditor, proposed.value.id) : proposed;
  if (!outcome.ok) throw new Error(`The demo has no admin: ${outcome.refusal.detail}`);
};
