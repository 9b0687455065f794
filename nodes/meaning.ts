// What a code says: the sentence a person reads and what to do next. No patient data.
export interface Meaning { text: string; next: string }

export const meaning = (text: string, next: string): Meaning => ({ text, next });
