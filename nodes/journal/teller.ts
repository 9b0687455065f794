// Faults as they are told to a person: one that goes on is told once, and so is its end.
import type { CourierError } from '../errors.ts';

/** Null: the fault is over. */
export type Tell = (fault: CourierError | null) => void;

export const createTeller = (tell: Tell): Tell => {
  let told: string | null = null;
  return (fault) => {
    const said = fault?.message ?? null;
    if (said !== told) tell(fault);
    told = said;
  };
};
