/** What a change does to a grant: it makes its access, or what ends it, or lengthens both; or it removes or denies it from now on. */
export type Written = 'gives' | 'takes';
