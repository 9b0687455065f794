// Instants as commands show them.

/** Epoch ms as ISO 8601 in UTC; empty where there is none. */
export const iso = (at: number | null): string => at === null ? '' : new Date(at).toISOString();
