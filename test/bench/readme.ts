// Puts the figures between the README's markers.

const [BEGIN, END] = ['<!-- bench -->', '<!-- /bench -->'];

/** Throws when there is no place for them. */
export const withFigures = (readme: string, figures: string): string => {
  const [begin, end] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`the README has no ${BEGIN} … ${END}`);
  return `${readme.slice(0, begin + BEGIN.length)}\n\n${figures}\n\n${readme.slice(end)}`;
};
