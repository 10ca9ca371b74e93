/** How long ago somebody may have shown their provider who they are, for what takes a fresh sign-in. */
export const FRESH_SIGN_IN_MS = 10 * 60_000;
